"""Templates and scores of a vendor: read as they are, refused with every problem named."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.matchers import MatcherError, make_matcher
from lfr_eval.matchers.other_spellings import UNKNOWN_IMAGE
from lfr_eval.study.completeness import notes_of_acquisition

IMAGES = pd.DataFrame({"image_id": ["a", "b", "c"], "role": ["both"] * 3}, dtype="string")


def npz(path: Path, ids: list[str], vectors: object) -> Path:
    np.savez(path, image_id=np.array(ids), template=np.asarray(vectors, np.float32))
    return path


def csv(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["reference_id,probe_id,score", *rows]) + "\n")
    return path


def test_templates_come_in_the_order_of_the_cohort(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", ["c", "a", "b"], [[3, 1], [1, 1], [2, 1]])
    found = make_matcher("templates", path=path).templates(IMAGES)  # type: ignore[union-attr]
    np.testing.assert_array_equal(found.vectors, [[1, 1], [2, 1], [3, 1]])
    assert found.acquisition["acquired"].all()


def test_parquet_and_npz_are_alike(tmp_path: Path) -> None:
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2) + 1
    npz(tmp_path / "t.npz", ["a", "b", "c"], vectors)
    frame = pd.DataFrame({"image_id": ["a", "b", "c"], "template": list(vectors)})
    frame.to_parquet(tmp_path / "t.parquet")
    both = [
        make_matcher("templates", path=tmp_path / name).templates(IMAGES).vectors  # type: ignore[union-attr]
        for name in ("t.npz", "t.parquet")
    ]
    np.testing.assert_array_equal(*both)


def test_what_is_no_template_is_a_failure_to_acquire(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", ["a", "b"], [[1, np.nan], [0, 0]])
    with pytest.raises(MatcherError, match="No template could be made of any of the 3 images"):
        make_matcher("templates", path=path).templates(IMAGES)  # type: ignore[union-attr]
    path = npz(tmp_path / "u.npz", ["a", "b"], [[1, np.nan], [1, 0]])
    acquisition = make_matcher("templates", path=path).templates(IMAGES).acquisition  # type: ignore[union-attr]
    assert acquisition["acquired"].tolist() == [False, True, False]
    assert acquisition["reason"].tolist()[::2] == [
        "a template with a value that is not a number",
        "no template in the file",
    ]


def test_values_that_nothing_can_be_compared_by_are_failures_to_acquire(tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", ["a", "b", "c"], [[1, 2], [3e38, 1], [0, 0]])
    matcher = make_matcher("templates", path=path)
    found = matcher.templates(IMAGES).acquisition  # type: ignore[union-attr]
    assert found["acquired"].tolist() == [True, False, False]
    assert list(notes_of_acquisition(IMAGES, found)) == [
        f"1 image has {what} and counts as not acquired or not enrolled (1 with the role both). To "
        "change this, fill in the manifest's column acquired. Table acquisition lists the images."
        for what in ("a template with values too large to compare", "a template of zeros")
    ]


@pytest.mark.parametrize("vectors", [[[1, 2]] * 3, [[1, 2], [2, 4], [0.1, 0.2]]])
def test_one_template_for_everybody_is_refused(vectors: list[list[float]], tmp_path: Path) -> None:
    path = npz(tmp_path / "t.npz", ["a", "b", "c"], vectors)
    with pytest.raises(MatcherError, match="all 3 templates of the study's images are the same"):
        make_matcher("templates", path=path).templates(IMAGES)  # type: ignore[union-attr]
    distances = make_matcher("templates", path=path, similarity="euclidean")
    if vectors[0] != vectors[1]:
        assert len(distances.templates(IMAGES).vectors) == 3  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", [bool, complex, str])
def test_templates_that_are_not_real_numbers_are_refused(kind: type, tmp_path: Path) -> None:
    vectors = np.arange(4).reshape(2, 2).astype(kind)
    np.savez(tmp_path / "t.npz", image_id=["a", "b"], template=vectors)
    with pytest.raises(MatcherError, match="not real numbers"):
        make_matcher("templates", path=tmp_path / "t.npz")


def test_unusable_template_files_are_refused(tmp_path: Path) -> None:
    twice = npz(tmp_path / "twice.npz", ["a", "a"], [[1, 2], [3, 4]])
    with pytest.raises(MatcherError, match=r"\['a'\] occurs more than once"):
        make_matcher("templates", path=twice)
    short = npz(tmp_path / "short.npz", ["a", "b"], [[1, 2]])
    with pytest.raises(MatcherError, match="2 values of image_id but 1 templates"):
        make_matcher("templates", path=short)
    with pytest.raises(MatcherError, match=r"matcher\.path=FILE"):
        make_matcher("templates", path=tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_text("not an archive")
    with pytest.raises(MatcherError, match="expected 'image_id' and 'template'"):
        make_matcher("templates", path=tmp_path / "bad.npz")
    other = npz(tmp_path / "other.npz", ["x"], [[1, 2]])
    with pytest.raises(MatcherError, match="names none of the study's images"):
        make_matcher("templates", path=other).templates(IMAGES)  # type: ignore[union-attr]


def test_a_pickle_in_a_template_file_is_not_executed(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "executed",))

    np.savez(
        tmp_path / "t.npz",
        image_id=np.array([Payload()], dtype=object),
        template=np.ones((1, 2), np.float32),
    )
    with pytest.raises(MatcherError):
        make_matcher("templates", path=tmp_path / "t.npz")
    (tmp_path / "t.parquet").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(MatcherError):
        make_matcher("templates", path=tmp_path / "t.parquet")
    assert not (tmp_path / "executed").exists()


def test_scores_are_kept_as_they_are_and_distances_turned_round(tmp_path: Path) -> None:
    path = csv(tmp_path / "s.csv", "a,b,0.64", "a,c,0.2")
    scores = make_matcher("scores", path=path).scores(IMAGES)  # type: ignore[union-attr]
    assert scores["score"].tolist() == [0.64, 0.2]
    matcher = make_matcher("scores", path=path, higher_is="worse")
    assert matcher.scores(IMAGES)["score"].tolist() == [-0.64, -0.2]  # type: ignore[union-attr]
    assert matcher.card.score_range == (-0.64, -0.2)


def test_every_kind_of_problem_in_a_score_file_is_listed_with_its_rows(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "s.csv", "a,b,0.5", "a,zz,0.5", "yy,b,0.5", "b,a,0.4", "c,c,1", "a,c,high"
    )
    with pytest.raises(MatcherError) as caught:
        make_matcher("scores", path=path).scores(IMAGES)  # type: ignore[union-attr]
    message = str(caught.value)
    for part in (
        f"probe_id is not in the manifest{UNKNOWN_IMAGE}: row 3 (a, zz, 0.5)",
        f"reference_id is not in the manifest{UNKNOWN_IMAGE}: row 4 (yy, b, 0.5)",
        "repeats an earlier comparison (1 row: 1 the other way round and 1 with another score; "
        "the earlier ones are in row 2; give each pair of images once): row 5 (b, a, 0.4)",
        "compares an image with itself (leave the row out): row 6 (c, c, 1)",
        "words or separators of thousands): row 7 (a, c, high)",
    ):
        assert part in message


def test_a_million_unknown_ids_are_counted_not_printed(tmp_path: Path) -> None:
    frame = pd.DataFrame({"reference_id": "a", "probe_id": [f"x{i}" for i in range(1_000_000)]})
    frame.assign(score=0.5).to_parquet(tmp_path / "s.parquet")
    with pytest.raises(MatcherError, match="999,995 more") as caught:
        make_matcher("scores", path=tmp_path / "s.parquet").scores(IMAGES)  # type: ignore[union-attr]
    assert len(str(caught.value)) < 3_000


def test_missing_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("reference,probe,score\na,b,1\n")
    with pytest.raises(MatcherError, match="expected the columns reference_id, probe_id, score"):
        make_matcher("scores", path=tmp_path / "s.csv")


def test_an_unknown_matcher_is_named_with_those_that_exist() -> None:
    with pytest.raises(MatcherError, match=r"no matcher 'facenett' .*Choose one of facenet"):
        make_matcher("facenett")


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    paths = [npz(tmp_path / f"{i}.npz", ["a"], [[1, i]]) for i in (1, 2)]
    prints = {make_matcher("templates", path=path).card.fingerprint for path in paths}
    prints |= {make_matcher("templates", path=paths[0], similarity="euclidean").card.fingerprint}
    assert len(prints) == 3


def test_a_file_that_does_not_fit_into_the_memory_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "huge.npz"
    header = io.BytesIO()
    # The header of an array of four exabytes, which nobody can allocate, and none of its values.
    shape = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**9)}
    np.lib.format.write_array_header_1_0(header, shape)
    np.savez(path, image_id=["a"])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("template.npy", header.getvalue())
    with pytest.raises(
        MatcherError, match=r"huge\.npz: it does not fit into the memory .* float32"
    ):
        make_matcher("templates", path=path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(MatcherError, match=r"huge\.npz: expected 'image_id' and 'template'"):
        make_matcher("templates", path=path)
