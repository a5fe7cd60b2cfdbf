"""The grammar of one phrase, for lark (LALR, no conflicts).

It takes any word after a number as a unit and leaves its meaning to the models, so that "300 nmm Zn" gets a sentence
and never "unexpected token". Keywords go before words; a quantity may be a parameter in braces.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR = r"""
start: layer | timed | gas | pump | leak | condition | cool | evacuate | vent
     | until | wait | ask | note | recipe

layer: NUMBER WORD* _clause* | PARAMETER WORD* _clause*
timed: WORD _clause+
_clause: rate | boat | time | ramp | together | coat
rate: _AT quantity
boat: _FROM _BOAT NUMBER
time: _FOR quantity
ramp: _RAMP _AT quantity _TO quantity _OVER quantity
together: _WITH WORD [_AT quantity]
coat: _AFTER quantity _COAT

gas: WORD _TO quantity [_FOR quantity]
pump: _PUMP _DOWN? _TO quantity [_WITHIN quantity]
leak: _LEAK _TEST quantity _BELOW quantity
condition: _CONDITION WORD
cool: _COOL _TO quantity
evacuate: _EVACUATE [_TO quantity]
vent: _VENT _WITH WORD

wait: _WAIT quantity
until: _WAIT _UNTIL WORD _band [hold] [within] [else]
_band: below | above | between
below: _BELOW quantity
above: _ABOVE quantity
between: _BETWEEN quantity _AND quantity
hold: _FOR quantity
within: _WITHIN quantity
else: _ELSE WORD

ask: _ASK STRING answer? id?
answer: YES_NO [_DEFAULT WORD] | quantity _TO quantity [_DEFAULT quantity]
id: _AS WORD
note: _NOTE STRING
recipe: _RECIPE STRING

quantity: NUMBER WORD* | PARAMETER

_AT.2: /at\b|@/i
_FROM.2: /from\b/i
_BOAT.2: /boat\b/i
_TO.2: /to\b/i
_FOR.2: /for\b/i
_RAMP.2: /ramp\b/i
_OVER.2: /over\b/i
_WITH.2: /with\b/i
_AFTER.2: /after\b/i
_COAT.2: /pre-?coat\b/i
_PUMP.2: /pump\b/i
_DOWN.2: /down\b/i
_WITHIN.2: /within\b/i
_LEAK.2: /leak\b/i
_TEST.2: /test\b/i
_BELOW.2: /below\b/i
_ABOVE.2: /above\b/i
_BETWEEN.2: /between\b/i
_AND.2: /and\b/i
_CONDITION.2: /condition\b/i
_COOL.2: /cool\b/i
_EVACUATE.2: /evacuate\b/i
_VENT.2: /vent\b/i
_WAIT.2: /wait\b/i
_UNTIL.2: /until\b/i
_ELSE.2: /else\b/i
_ASK.2: /ask\b/i
_NOTE.2: /note\b/i
_RECIPE.2: /recipe\b/i
_DEFAULT.2: /default\b/i
_AS.2: /as\b/i
YES_NO.2: /yes\s*\/\s*no\b/i
NUMBER: /[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?/
PARAMETER: /\{[^{}\n]*\}/
STRING: /"[^"\n]*"/
WORD: /[^\W\d_][^\s,;(){}"@]*|[°%Ω][^\s,;(){}"@]*/
%ignore /\s+/
"""


@cache
def parser() -> "Lark":
    """Return the parser of one phrase."""
    from lark import Lark  # noqa: PLC0415 - files whose steps are tables need no grammar

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)
