"""A page whose field only a script fills: no client without a browser can answer it."""
from otree.api import *


class C(BaseConstants):
    NAME_IN_URL = 'odd'
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = 1


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    pass


class Player(BasePlayer):
    plan = models.IntegerField(label='A plan', choices=[1, 2, 3])
    drawing = models.LongStringField()


class Draw(Page):
    form_model = 'player'
    form_fields = ['plan', 'drawing']


page_sequence = [Draw]
