"""The games of this app, played by an agoragym server over its wire (docs/wire.md of agoragym).

A game here is a copy: what was decided lies in oTree's database, and a game that is gone (the connection was lost, one of the two
servers was started anew) is played again from its seed and those decisions. Each view is compared with the one that people saw,
so that a game that would go on differently is never played on in silence.

Knows the wire and the plan of this app (game.json). Knows no page and no database.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import threading
from pathlib import Path

import websockets

HERE = Path(__file__).parent
PLAN = json.loads((HERE / 'game.json').read_text('utf-8'))
TOOLS = {tool['name']: tool for tool in PLAN['tools']}
RULES = {seat: (HERE / 'rules' / f'{seat}.txt').read_text('utf-8') for seat in PLAN['make']['live']}
PROTOCOL = 1
#: Seconds that a page waits for a question to the server; games with scripted players answer in milliseconds.
PATIENCE = 10.0


class Trouble(Exception):
    """The server cannot be asked, or says no. `final`: trying again changes nothing."""

    def __init__(self, code, message, final=False):
        super().__init__(f'{code}: {message}')
        self.code = code
        self.final = final


# ---------------------------------------------------------------------------------------------------------------- the wire


class Wire:
    """One connection for all games, kept up by a thread of its own: requests have an id, answers may overtake each other."""

    def __init__(self, url):
        self.url = url
        self.generation = 0
        self._socket = None
        self._waiting = {}
        self._ids = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._connecting = None
        threading.Thread(target=self._loop.run_forever, name='agoragym', daemon=True).start()

    def ask(self, op, timeout=None, **fields):
        """What the server answers. A Trouble where it cannot be asked, says no, or takes longer than `timeout` seconds."""
        future = asyncio.run_coroutine_threadsafe(self._ask(op, fields), self._loop)
        try:
            return future.result(timeout)
        except (TimeoutError, asyncio.TimeoutError) as error:
            future.cancel()
            raise Trouble('no_answer', f'{self.url} did not answer within {timeout:.0f} s') from error

    async def _ask(self, op, fields):
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._socket is None:
                await self._connect()
        return await self._request(op, fields)

    async def _request(self, op, fields):
        number = next(self._ids)
        future = self._loop.create_future()
        self._waiting[number] = future
        try:
            await self._socket.send(json.dumps({'id': number, 'op': op, **fields}))
        except Exception as error:
            self._waiting.pop(number, None)
            raise Trouble('connection_lost', f'{self.url}: {error}') from error
        return await future

    async def _connect(self):
        address = self.url.replace('http', 'ws', 1).rstrip('/') + '/agora'
        token = os.environ.get('AGORAGYM_TOKEN')
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        try:
            self._socket = await websockets.connect(
                address, extra_headers=headers, max_size=None, compression=None, open_timeout=PATIENCE
            )
        except Exception as error:
            raise Trouble('no_server', f'{self.url} cannot be reached: {error!r}') from error
        self.generation += 1
        self._loop.create_task(self._read(self._socket))
        await self._request('hello', {'protocol': PROTOCOL})

    async def _read(self, socket):
        try:
            async for text in socket:
                answer = json.loads(text)
                future = self._waiting.pop(answer.get('id'), None)
                if future is None or future.done():
                    continue
                if answer.get('ok'):
                    future.set_result(answer)
                else:
                    error = answer['error']
                    future.set_exception(Trouble(error['code'], error['message']))
        except Exception:
            pass  # How it ended is told to those that wait.
        finally:
            self._socket = None
            waiting, self._waiting = self._waiting, {}
            for future in waiting.values():
                if not future.done():
                    future.set_exception(Trouble('connection_lost', f'{self.url}: the connection was closed'))


_wires = {}
_wires_lock = threading.Lock()


def wire_to(url):
    with _wires_lock:
        if url not in _wires:
            _wires[url] = Wire(url)
        return _wires[url]


# ---------------------------------------------------------------------------------------------------------------- games


def mark_of(view):
    """What a view was, in a few letters: equal views have equal marks."""
    told = {name: view.get(name) for name in ('t', 'acting', 'turns', 'done', 'stop', 'scores')}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


class Game:
    """One game on the server: where it stands, and how it is brought there."""

    def __init__(self, url, make, seed):
        self.wire = wire_to(url)
        self.make = make
        self.seed = seed
        self.lock = threading.RLock()
        self.generation = None
        self.s = None
        self.view = None
        self.mark = None

    def stands(self, mark):
        """Whether the server holds this game where that view was told."""
        return self.mark == mark and self.generation == self.wire.generation

    def play(self, turns, mark=None):
        """Plays on; `turns` are pairs of a view's mark (None for the start) and what was decided there. Answers with the view.

        Where the first pair's mark is None the game begins anew. `mark` is that of the view where it must then stand.
        """
        with self.lock:
            for seen, decisions in turns:
                if seen is None:
                    self._begin()
                else:
                    self._check(seen)
                    self._tell(self.wire.ask('step', s=self.s, decisions=decisions))
            if mark is not None:
                self._check(mark)
            return self.view

    def stop(self, reason):
        with self.lock:
            self._tell(self.wire.ask('stop', s=self.s, reason=reason))
            return self.view

    def ask(self, op, **fields):
        return self.wire.ask(op, PATIENCE, s=self.s, **fields)

    def end(self):
        """Gives the game up on the server and says what its log is."""
        with self.lock:
            log = self.ask('log')['log']
            self.ask('close')
            self.mark = None
            return log

    def _begin(self):
        made = self.wire.ask('make', want=['text', 'standings'], tools_id=PLAN['tools_id'], **PLAN['make'], **self.make)
        if made['version'] != PLAN['version'] or made['tools_id'] != PLAN['tools_id']:
            raise Trouble(
                'other_economy',
                f'the server plays {made["env"]} version {made["version"]} with tools {made["tools_id"]}, this app was generated for '
                f'version {PLAN["version"]} with tools {PLAN["tools_id"]}: generate it anew, or serve agoragym {PLAN["agoragym"]}',
                final=True,
            )
        self.generation = self.wire.generation
        self.s = made['s']
        self._tell(self.wire.ask('reset', s=self.s, seed=self.seed))

    def _check(self, mark):
        if self.mark != mark:
            raise Trouble(
                'diverged',
                'the same decisions lead elsewhere than before: another version of the server, or a model that answers '
                'differently (start the server with --cache DIR, so that answers are kept)',
                final=True,
            )

    def _tell(self, answer):
        self.view = {name: value for name, value in answer.items() if name not in ('id', 'ok')}
        self.mark = mark_of(self.view)


class Job:
    """A piece of work on a game, in a thread: players on the server may think for long, and oTree serves one page at a time."""

    def __init__(self, work):
        self._done = threading.Event()
        self.result = None
        self.trouble = None
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def _run(self, work):
        try:
            self.result = work()
        except Trouble as trouble:
            self.trouble = trouble
        except Exception as error:  # A fault of this file is told like any other: a thread has nobody to tell.
            self.trouble = Trouble('fault', repr(error))
        self._done.set()

    def wait(self, seconds):
        return self._done.wait(seconds)


# ---------------------------------------------------------------------------------------------------------------- forms


def fields_of(tools):
    """The columns of these tools' forms, in order."""
    return [column for tool in tools for field in TOOLS[tool]['fields'] for column in field['columns']]


def read_call(tool, values):
    """A call of what was typed. Gives the call, and by column what is wrong with it."""
    args, wrong = _read(TOOLS[tool]['fields'], values)
    return {'tool': tool, 'args': args}, wrong


def _read(fields, values):
    args, wrong = {}, {}
    for field in fields:
        kind = field['kind']
        if kind in ('object', 'rows'):
            rows = [field['fields']] if kind == 'object' else field['rows']
            found = []
            for row in rows:
                if kind == 'object' and field['required'] or _is_typed(row, values):
                    inner, missing = _read(row, values)
                    found.append(inner)
                    wrong.update(missing)
            value = found if kind == 'rows' else found[0] if found else None
            if value or field['required']:
                args[field['arg']] = value
            continue
        try:
            value = _argument(field, [values.get(column) for column in field['columns']])
        except ValueError as error:
            wrong[field['columns'][0]] = str(error)
            continue
        if value is not None:
            args[field['arg']] = value
        elif field.get('nullable'):
            args[field['arg']] = None
        elif field['required']:
            wrong[field['columns'][0]] = 'This field is required.'
    return args, wrong


def _is_typed(fields, values):
    return any(values.get(column) not in (None, '', False) for field in fields for column in field['columns'])


def _argument(field, typed):
    """The argument, None where nothing was typed. A ValueError says what is wrong."""
    kind = field['kind']
    if kind == 'constant':
        return field['values'][0]
    if kind == 'choices':
        return [value for value, ticked in zip(field['values'], typed) if ticked] or ([] if field['required'] else None)
    if kind == 'list':
        items = list(typed)
        while items and items[-1] in (None, ''):
            items.pop()
        if not items:
            return [] if field['required'] else None
        return [_item(field['items'], '' if item is None else item) for item in items]
    [text] = typed
    if text in (None, ''):
        return [] if kind == 'lines' and field['required'] else None
    if kind == 'lines':
        return [_item(field['items'], line.strip()) for line in text.splitlines() if line.strip()]
    if kind == 'choice':
        return next(value for value in field['values'] if text == (value if isinstance(value, str) else json.dumps(value)))
    if kind == 'json':
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f'This is not JSON: {error}') from error
    return _item(kind, text)


def _item(kind, value):
    if kind == 'text':
        # Browsers send line breaks as two characters.
        return value.replace('\r\n', '\n')
    try:
        number = float(value)
    except ValueError as error:
        raise ValueError(f'{value!r} is not a number.') from error
    if number.is_integer():
        return int(number)
    if kind == 'integer':
        raise ValueError('A whole number, please.')
    return number


def ends_turn(seat, tool, calls):
    """Whether a call ends a seat's turn; `calls` are those before it."""
    rule = PLAN['turn'][seat]
    most = min(rule['max_calls'] or 1, PLAN['calls_per_turn'])
    return tool in (PLAN['end_tool'], rule.get('pass_tool')) or len(calls) + 1 >= most


def carried(seat, tool, calls):
    """Whether a call is carried out: what only ends a turn is no move after others, and the wire's own end of a turn never."""
    rule = PLAN['turn'][seat]
    if tool == rule.get('pass_tool'):
        return not calls
    return tool != PLAN['end_tool']


def ending_tool(seat, turn):
    """The name of the tool that ends this turn and does nothing else; None where there is none."""
    rule = PLAN['turn'][seat]
    return next((name for name in offered_tools(seat, turn) if name in (PLAN['end_tool'], rule.get('pass_tool'))), None)


def offered_tools(seat, turn):
    """The names of the tools that a seat may choose from now: those it is offered, and what ends a turn of several calls."""
    names = [name for name in TOOLS if name in turn['offered']]
    rule = PLAN['turn'][seat]
    several = min(rule['max_calls'] or 1, PLAN['calls_per_turn']) > 1
    if several and PLAN['end_tool'] not in names and rule.get('pass_tool') not in names:
        names.append(PLAN['end_tool'])
    return names
