"""A live auction of two: bids go up, the highest wins when the time is over. With a chat."""
from otree.api import *


class C(BaseConstants):
    NAME_IN_URL = 'auction'
    PLAYERS_PER_GROUP = 2
    NUM_ROUNDS = 1


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    highest_bid = models.IntegerField(initial=0)
    highest_bidder = models.IntegerField(initial=0)


class Player(BasePlayer):
    value = models.IntegerField()


def creating_session(subsession: Subsession):
    for player in subsession.get_players():
        player.value = 60 + 20 * player.id_in_group


def live(player: Player, data):
    group = player.group
    if not isinstance(data.get('bid'), int):
        return {player.id_in_group: dict(type='refused', text='A bid is a whole number.')}
    if data['bid'] <= group.highest_bid:
        return {player.id_in_group: dict(type='refused', text=f'The highest bid is {group.highest_bid} already.')}
    group.highest_bid = data['bid']
    group.highest_bidder = player.id_in_group
    return {0: dict(type='bid', bid=group.highest_bid, bidder=group.highest_bidder)}


def set_payoffs(group: Group):
    for player in group.get_players():
        player.payoff = cu(player.value - group.highest_bid) if player.id_in_group == group.highest_bidder else cu(0)


class Bid(Page):
    live_method = live
    timeout_seconds = 6


class Wait(WaitPage):
    after_all_players_arrive = set_payoffs


class Results(Page):
    pass


page_sequence = [Bid, Wait, Results]
