"""The sandbox answers as the recorded server did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox_replay import Outcome, Replay
from wire_distill import FACTS, MEDIA, RECORDINGS, distil, from_lines, load, recordings, to_lines

Json = dict[str, Any]

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")

# Exchanges that the sandbox does not claim to answer as recorded: scenario, number, why.
UNCLAIMED = {
    ("17_misc", 0): "the list of file formats: data sets are neither imported nor exported",
    ("17_misc", 6): "annotation guides",
    ("17_misc", 31): "what browsers report about clicks",
    ("17_misc", 34): "export of a data set",
    ("17_misc", 35): "export of a data set, as it was long ago",
    **{("24_consensus_quality", number): "settings of consensus" for number in (20, 21)},
    **{("24_consensus_quality", number): "quality reports" for number in (47, *range(55, 58), *range(59, 73))},
    ("27_errors_seen", 277): "export of a data set",
    ("27_errors_seen", 278): "export of a data set",
    ("27_errors_seen", 279): "export of a data set",
    ("27_errors_seen", 280): "export of a data set",
    ("19_concurrent_writes", 5): "the state after parallel requests whose answers are not recorded",
    ("19_concurrent_writes", 7): "the state after parallel requests whose answers are not recorded",
    ("19_concurrent_writes", 9): "the state after parallel requests whose answers are not recorded",
    ("19_concurrent_writes", 11): "the state after parallel requests; here they run one after the other",
    ("19_concurrent_writes", 13): "the state after parallel requests; here they run one after the other",
}
# Answers that are random: only their structure is compared.
RANDOM = {("10_jobs", 92), ("25_video_options", 96)}
RANDOM |= {("24_consensus_quality", number) for number in (*range(86, 94), *range(98, 104), 117, 122)}
# Scenarios that go on in the world of the one before.
SEQUELS = {"11b_annotation_errors"}

# How much is replayed. These numbers only grow.
REPLAYED_EXCHANGES = 2265
REPLAYED_OBSERVATIONS = 86

FOUND = load()


def worlds() -> list[list[Json]]:
    """Scenarios by the world in which they happen."""
    grouped: list[list[Json]] = []
    for name, facts in FOUND.items():
        if name in SEQUELS:
            grouped[-1].append(facts)
        else:
            grouped.append([facts])
    return grouped


def replay(scenarios: list[Json]) -> dict[str, Outcome]:
    names = {facts["scenario"] for facts in scenarios}
    unclaimed = {name: {number for scenario, number in UNCLAIMED if scenario == name} for name in names}
    run = Replay(scenarios, MEDIA, unclaimed, RANDOM)
    try:
        outcomes = run.run()
        assert run.world.box.crashes == []
    finally:
        run.close()
    return outcomes


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """All scenarios, replayed once."""
    return {name: outcome for scenarios in worlds() for name, outcome in replay(scenarios).items()}


@pytest.mark.parametrize("name", FOUND)
def test_answers_are_as_recorded(name: str, outcomes: dict[str, Outcome]) -> None:
    differences = outcomes[name].differences
    assert not differences, "\n".join(
        line for number, found in differences.items() for line in (f"{number} {found[0]}", *found[1:])
    )


def test_everything_claimed_is_replayed(outcomes: dict[str, Outcome], say: Callable[[str], None]) -> None:
    exchanges = observations = 0
    for name, facts in FOUND.items():
        done = set(outcomes[name].replayed)
        claimed = [fact for fact in facts["exchanges"] if (name, fact["n"]) not in UNCLAIMED]
        assert done == {fact["n"] for fact in claimed}
        exchanges += sum("request" in fact and not fact.get("observed") for fact in claimed)
        observations += sum("request" not in fact or bool(fact.get("observed")) for fact in claimed)
    say(
        f"{exchanges} of {exchanges + len(UNCLAIMED)} recorded exchanges and {observations} observations "
        f"replayed, {len(UNCLAIMED)} exchanges not claimed"
    )
    assert exchanges >= REPLAYED_EXCHANGES
    assert observations >= REPLAYED_OBSERVATIONS


def test_unclaimed_exchanges_exist() -> None:
    known = {(name, fact["n"]) for name, facts in FOUND.items() for fact in facts["exchanges"]}
    assert set(UNCLAIMED) <= known


def test_distilled_facts_are_those_of_the_recordings() -> None:
    """Where the recordings are at hand; elsewhere there is nothing that could be out of date."""
    for recording in recordings():
        path = FACTS / f"{recording['scenario']}.jsonl"
        assert path.read_text(encoding="utf-8") == to_lines(distil(recording)), f"run distill.py: {path.name}"
    for path in (RECORDINGS / "media").glob("*"):
        assert path.read_bytes() == (MEDIA / path.name).read_bytes()


def test_distilled_facts_are_small_and_read_back() -> None:
    files = [*FACTS.iterdir(), *MEDIA.iterdir()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    for facts in FOUND.values():
        assert from_lines(to_lines(facts)) == facts
