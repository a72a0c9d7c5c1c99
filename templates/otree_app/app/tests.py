"""oTree's own bots: `otree test @app@`, with the agoragym server running. Each makes the first call that it can write down and that
is allowed, and passes by letting time run out where there is none."""

import json

from otree.api import Bot, Submission, SubmissionMustFail

from . import C, Consent, End, Instructions, Turn, acts, agora, check, is_over, view_of


class PlayerBot(Bot):
    def play_round(self):
        if self.round_number == 1:
            yield SubmissionMustFail(Consent)
            yield Consent, dict(consent=True)
            yield Instructions
        for _ in range(C.CALLS_PER_TURN):
            if not acts(self.player) or self.player.turn_over:
                break
            if self.round_number == 1:
                yield SubmissionMustFail(Turn, dict(tool=''))
            typed = legal_form(self.player)
            yield Submission(Turn, typed or {}, timeout_happened=typed is None)
        if is_over(self.player.group):
            yield End


def legal_form(player):
    """What to type for a call that is allowed; None where none is found."""
    turn = view_of(player.group)['turns'][player.seat]
    for name in agora.offered_tools(player.seat, turn):
        if agora.TOOLS[name]['kind'] == 'ask':
            continue
        typed = dict(tool=name)
        fill(player, agora.TOOLS[name]['fields'], typed)
        values = dict.fromkeys(agora.fields_of([name]), None)
        call, wrong = agora.read_call(name, {**values, **typed})
        calls = json.loads(player.calls)
        if not wrong and (not agora.carried(player.seat, name, calls) or check(player, call)['legal']):
            return typed
    return None


def fill(player, fields, typed):
    """Types what is needed, and nothing else."""
    for field in fields:
        if field['kind'] == 'object' and field['required']:
            fill(player, field['fields'], typed)
        elif field['required'] and field['columns'] and field['kind'] != 'rows':
            typed[field['columns'][0]] = example(player, field)


def example(player, field):
    """The first thing that a field takes."""
    kind = field['items'] if field['kind'] in ('list', 'lines') else field['kind']
    if kind == 'choice':
        value = field['values'][0]
        return value if isinstance(value, str) else json.dumps(value)
    if kind == 'choices':
        return True
    if kind == 'text':
        return f'Round {player.round_number}'
    if kind == 'json':
        return '{}'
    column = getattr(type(player), field['columns'][0])
    return max(column.form_props.get('min') or 0, 0)
