"""Saved label tables speak of each other where they may be compared, and only there."""

import json

import pytest

from recsys.steps.label_reports import report_name, save


def table(split, precision, **changes):
    settings = {"folds": 5, "seed": 0}
    return {
        "label": "mood",
        "split": split,
        "architecture": "A",
        "mean": {"precision_at_1": precision},
        "settings": settings,
    } | changes


def saved(folder, split):
    return json.loads((folder / report_name("mood", split)).read_text())


def test_the_split_by_artist_tells_what_the_others_flatter(tmp_path):
    save(tmp_path, [table("snippet", 0.75), table("song", 0.625), table("artist", 0.5)])
    assert saved(tmp_path, "artist")["flatters"] == {"snippet": {"precision_at_1": 0.25}, "song": {"precision_at_1": 0.125}}


def test_another_split_tells_what_it_flatters_itself(tmp_path):
    save(tmp_path, [table("snippet", 0.75), table("song", 0.625), table("artist", 0.5)])
    assert saved(tmp_path, "song")["flatters"] == {"song": {"precision_at_1": 0.125}}


def test_a_split_alone_says_what_would_tell(tmp_path):
    alone = table("song", 0.5)
    save(tmp_path, [alone])
    assert alone["flatters"] == {}
    assert "--split all" in saved(tmp_path, "song")["flatters_note"]


def test_tables_of_earlier_runs_are_brought_up_to_date(tmp_path):
    save(tmp_path, [table("song", 0.75)])
    later = table("artist", 0.5)
    save(tmp_path, [later])
    assert later["flatters"] == {"song": {"precision_at_1": 0.25}}
    assert saved(tmp_path, "song")["flatters"] == {"song": {"precision_at_1": 0.25}}
    assert "flatters_note" not in saved(tmp_path, "song")


@pytest.mark.parametrize("change", [{"architecture": "B"}, {"settings": {"folds": 5, "seed": 1}}])
def test_runs_of_other_settings_are_not_compared(tmp_path, change):
    save(tmp_path, [table("song", 0.75, **change)])
    later = table("artist", 0.5)
    save(tmp_path, [later])
    assert later["flatters"] == {}
    assert saved(tmp_path, "song")["flatters"] == {}


def test_a_table_that_makes_another_incomparable_takes_its_flattery_away(tmp_path):
    save(tmp_path, [table("song", 0.75), table("artist", 0.5)])
    save(tmp_path, [table("artist", 0.5, architecture="B")])
    assert saved(tmp_path, "song")["flatters"] == {}


def test_a_damaged_or_older_table_counts_as_none(tmp_path):
    (tmp_path / report_name("mood", "song")).write_text("{")
    (tmp_path / report_name("mood", "snippet")).write_text('{"label": "mood"}')
    later = table("artist", 0.5)
    save(tmp_path, [later])
    assert later["flatters"] == {}


def test_a_table_of_a_fold_file_is_saved_and_not_compared(tmp_path):
    of_file = table("file", 0.9)
    save(tmp_path, [table("artist", 0.5), of_file])
    assert saved(tmp_path, "file")["flatters"] == {}
    assert "flatters_note" not in of_file
