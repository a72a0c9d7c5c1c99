"""Three players guess two thirds of the average, in three rounds with a wait page each."""
from otree.api import *


class C(BaseConstants):
    NAME_IN_URL = 'guess'
    PLAYERS_PER_GROUP = 3
    NUM_ROUNDS = 3
    JACKPOT = cu(100)


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    target = models.FloatField()
    winning = models.IntegerField()


class Player(BasePlayer):
    guess = models.IntegerField(label='Your guess', min=0, max=100)
    won = models.BooleanField(initial=False)


def judge(group: Group):
    players = group.get_players()
    group.target = round(2 / 3 * sum(p.guess for p in players) / len(players), 2)
    best = min(abs(p.guess - group.target) for p in players)
    winners = [p for p in players if abs(p.guess - group.target) == best]
    group.winning = winners[0].guess
    for p in winners:
        p.won = True
        p.payoff = C.JACKPOT / len(winners)


class Guess(Page):
    form_model = 'player'
    form_fields = ['guess']

    @staticmethod
    def vars_for_template(player):
        return dict(before=[p.group.target for p in player.in_previous_rounds()])


class Wait(WaitPage):
    after_all_players_arrive = judge


class Results(Page):
    @staticmethod
    def is_displayed(player):
        return not player.session.config['brief']


page_sequence = [Guess, Wait, Results]
