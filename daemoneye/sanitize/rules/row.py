"""The kinds of rows the tables are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Meaning(Enum):
    """What a name promises about its value."""

    PLAIN = auto()
    SECRET = auto()
    SWITCHED = auto()  # secret where a value is attached; alone it is a switch (`--with-token`)
    KEY = auto()  # a key: a file as often as the thing itself
    UNSURE = auto()  # secret only if the value looks like one
    PAIR = auto()  # user:secret, or a secret
    USER = auto()  # user:secret, or only a user
    DIGITS = auto()  # a secret made of digits
    HEADER = auto()  # a scheme and a secret
    JAR = auto()  # a secret up to the end of the line


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Words that make a name secret. ``anywhere`` words keep doing so when unknown words follow them."""

    name: str
    meaning: Meaning
    words: str
    anywhere: bool = False
    catch: str
    spare: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A secret that shows what it is: group 1 of the pattern, or all of it. A ``hint`` must be in the text."""

    name: str
    pattern: str
    hints: str
    catch: str
    spare: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What one program, or several alike, means by its arguments.

    ``flags``: whose value is secret. ``-p`` takes it attached or next, ``-p*`` only attached, ``-p.`` only next;
    ``-u:`` ``-u%`` ``-u,`` ``-u/`` ``-u=`` say that it is the part after that character, ``-p^`` the part after
    ``pass:``, ``-c!`` what an ``echo`` in it says, ``-b~`` that it is only secret with an equals sign in it.
    ``/p:`` and ``userid=/`` begin the argument. ``pattern``: positional arguments; ``_`` any, ``X`` the secret
    (``X!``: unless it is an assignment or a share), ``?:X`` the secret after a colon, ``a|b`` either word, ``a*`` a
    beginning, ``*a`` what has that in it; a leading ``...`` lets it begin anywhere, ``X...`` is every one from
    there on. ``after``: a positional (``a|b``) or a flag (``-a --bc``) that has to be there too. ``takes``: other
    flags with a value. ``switches``: letters that may stand before a flag (``-xw``); a slash: what begins with one
    is a flag. ``prompts``: flags that look secret and take no value; ``harmless``: flags that look secret and have
    another one; ``prose``: flags followed by sentences, in which only what looks like a secret is one.
    ``keywords``: a positional that is a secret name is followed by its value. ``stdin``: what it reads there is
    secret, all of it (``X``) or the part after a colon (``?:X``).
    """

    names: str
    flags: str = ""
    pattern: str = ""
    after: str = ""
    takes: str = ""
    switches: str = ""
    prompts: str = ""
    harmless: str = ""
    prose: str = ""
    keywords: bool = False
    stdin: str = ""
    catch: str
    spare: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """A program that runs another one.

    ``takes``: flags with a value. ``switches``: the flags without one, for programs whose flags mostly have one.
    ``skips``: positional arguments before the command (``None``: all). ``verbs``: subcommands that run something.
    ``opens``: flags after which the command begins. ``script``: a flag whose value is a shell script.
    """

    names: str
    takes: str = ""
    switches: str = ""
    skips: int | None = 0
    verbs: str = ""
    opens: str = ""
    script: str = ""
    catch: str
    spare: str
