"""The journal, a sender and the whole agent are killed, again and again, while alerts come."""

from __future__ import annotations

import os
from random import Random

from chaos.accounts import INFORMED, SETTINGS, VICTIMS, drawn_up, head, kill_at_random
from chaos.harness import Experiment, Verdict
from chaos.trial import on_trial

_TIMES = int(os.environ.get("CHAOS_KILLS", "200"))
_ROUNDS = 10  # after each an anchor is taken


def _run() -> Verdict:
    chance, anchors = Random(5), []  # noqa: S311 - the moments of the kills
    with on_trial(SETTINGS, program=INFORMED, survives=False) as trial:
        for _ in range(_ROUNDS):
            kill_at_random(trial.agent, _TIMES // _ROUNDS, chance)
            trial.agent.until_running()
            anchors.append(head(trial.agent))
        trial.stopped()
        accounts = drawn_up(trial.agent, *anchors)
    trial.figures |= {
        "kills": _TIMES,
        "alerts acknowledged": len(accounts.acknowledged),
        "alerts recorded": len(accounts.recorded),
        "acknowledged and lost": accounts.lost,
    }
    trial.claim("no acknowledged alert is lost", not accounts.lost and accounts.acknowledged)
    trial.claim("each is recorded once, in order", accounts.in_order)
    trial.claim("the sequence has no gap", accounts.without_gaps)
    trial.claim("the file of alerts has each once, in order", accounts.lines_agree)
    trial.claim(f"verified with {len(anchors)} anchors: {accounts.said.strip()}", accounts.verified == 0)
    return trial.verdict


EXPERIMENT = Experiment(
    name="journal kills",
    steady_state="five hundred numbered alerts a second are recorded and acknowledged",
    hypothesis=f"after {_TIMES} kills of {', '.join(VICTIMS)} no acknowledged alert is lost, doubled or out of order",
    blast_radius="an agent of our own, with a child that raises alerts",
    abort_when="the agent is not back within 20 s",
    run=_run,
    limit_s=150.0,
)
