"""Two players decide at once, and say how sure they are. The server refuses what the form allows: a sum above 100."""
from otree.api import *


class C(BaseConstants):
    NAME_IN_URL = 'dilemma'
    PLAYERS_PER_GROUP = 2
    NUM_ROUNDS = 1
    REWARD = cu(200)
    PUNISHMENT = cu(100)
    SUCKER = cu(0)


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    pass


class Player(BasePlayer):
    choice = models.StringField(
        label='What do you do?',
        choices=[['cooperate', 'I cooperate'], ['defect', 'I defect']],
        widget=widgets.RadioSelect,
    )
    sure = models.IntegerField(label='How sure are you (0 to 100)?', min=0, max=100)
    unsure = models.IntegerField(label='And how unsure?', min=0, max=100)
    note = models.LongStringField(label='Anything to add?', blank=True)
    came_late = models.BooleanField(initial=False)


def set_payoffs(group: Group):
    temptation = cu(group.session.config['temptation'])
    pay = {
        ('cooperate', 'cooperate'): C.REWARD,
        ('cooperate', 'defect'): C.SUCKER,
        ('defect', 'cooperate'): temptation,
        ('defect', 'defect'): C.PUNISHMENT,
    }
    for player in group.get_players():
        [other] = player.get_others_in_group()
        player.payoff = pay[(player.choice, other.choice)]


def is_shown(player):
    return not player.session.config['brief']


class Introduction(Page):
    is_displayed = is_shown


class Decide(Page):
    form_model = 'player'
    form_fields = ['choice', 'sure', 'unsure', 'note']

    @staticmethod
    def error_message(player, values):
        if values['sure'] + values['unsure'] > 100:
            return 'How sure and how unsure you are must not add up to more than 100.'


class Results(Page):
    is_displayed = is_shown

    @staticmethod
    def vars_for_template(player):
        [other] = player.get_others_in_group()
        return dict(other=other)


class Wait(WaitPage):
    after_all_players_arrive = set_payoffs


page_sequence = [Introduction, Decide, Wait, Results]
