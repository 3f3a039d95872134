"""Playing random stories, each part of them with a seed of its own, so that every run plays the same ones."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def play(
    story: type[RuleBasedStateMachine],
    part: int,
    *,
    count: int,
    steps: int,
    phases: Sequence[Phase] = (Phase.generate,),
) -> None:
    """Plays stories of one part.

    Args:
        story: a class of its own for each part
        part: its number
        count: how many stories
        steps: how long each may be
        phases: only ``Phase.generate`` does not make a story that fails shorter, which takes long
    """
    run_state_machine_as_test(
        seed(part)(story),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            phases=phases,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
