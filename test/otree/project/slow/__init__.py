"""A page with a time limit, whose silence is worth something else than any answer."""
from otree.api import *


class C(BaseConstants):
    NAME_IN_URL = 'slow'
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = 1


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    pass


class Player(BasePlayer):
    amount = models.CurrencyField(label='How much do you give?', min=0, max=10)
    late = models.BooleanField(initial=False)


class Give(Page):
    form_model = 'player'
    form_fields = ['amount']
    timeout_seconds = 5

    @staticmethod
    def before_next_page(player, timeout_happened):
        if timeout_happened:
            player.late = True
            player.amount = cu(3)
        player.payoff = cu(10) - player.amount


class Results(Page):
    pass


page_sequence = [Give, Results]
