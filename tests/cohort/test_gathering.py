"""From a folder of pictures and a table of people to a manifest."""

from __future__ import annotations

import csv
import shutil
import stat
from pathlib import Path
from zlib import crc32

import pytest

from lfr_eval.cli.main import main
from lfr_eval.cohort.gathering import Gathered, gather, write_manifest
from lfr_eval.cohort.loading import load_manifest
from lfr_eval.cohort.people_table import Columns
from lfr_eval.cohort.problems import ManifestError
from tests.cohort.builders import noise

PEOPLE = {"007": ("Woman", "White"), "008": ("Man", "Black, African"), "019": ("Man", "")}


def faces(folder: Path, *names: str) -> Path:
    """Pictures with these names below a folder."""
    for name in names:
        noise(folder / name, crc32(name.encode()))
    return folder


def by_person(folder: Path) -> Path:
    """Two pictures of each person, in a folder of their own."""
    return faces(folder, *(f"{person}/{at}.png" for person in PEOPLE for at in (2, 10)))


def table(file: Path, header: str = "ID;Sex;Ethnic group", separator: str = ";") -> Path:
    """A table of people as a spreadsheet saves it."""
    rows = [f"{int(p)};{g};{e}" for p, (g, e) in PEOPLE.items()]
    text = "\ufeff" + "\r\n".join([header, *rows])
    file.write_text(text.replace(";", separator), "utf-8")
    return file


def roles(gathered: Gathered) -> dict[str, str]:
    return dict(zip(gathered.rows["path"], gathered.rows["role"], strict=True))


def test_a_folder_for_each_person_and_a_semicolon_table(tmp_path: Path) -> None:
    gathered = gather(by_person(tmp_path / "faces"), table(tmp_path / "people.csv"))
    first = gathered.rows.iloc[0]
    assert first.to_dict() == {
        "image_id": "007/2",
        "subject_id": "007",
        "path": "007/2.png",
        "role": "reference",
        "gender": "Woman",
        "ethnicity": "White",
    }
    # 10 comes after 2, and the number of a person lost its zeros in the spreadsheet.
    assert roles(gathered)["007/10.png"] == "probe"
    assert any("3 people are written in another way" in note for note in gathered.notes)
    assert any("gender from 'Sex'" in note for note in gathered.notes)


def test_people_are_found_in_another_spelling_where_only_one_can_be_meant(tmp_path: Path) -> None:
    people = ("1", "001", "Zoe  Smith", "p 2", "P-2")
    folder = faces(tmp_path / "faces", *(f"{one}/{at}.png" for one in people for at in (1, 2)))
    faces(folder, "@eaDir/1/1.png", "__MACOSX/1/1.png")
    rows = ["subject_id,gender", "1,a", "zoe smith,b", "p_2,c"]
    (tmp_path / "people.csv").write_text("\n".join(rows))
    gathered = gather(folder, tmp_path / "people.csv")
    told = gathered.rows.drop_duplicates("subject_id").set_index("subject_id")["gender"].dropna()
    assert told.to_dict() == {"1": "a", "Zoe  Smith": "b"}
    assert any("2 hidden" in note for note in gathered.notes)


def test_folders_of_people_below_other_folders_are_pointed_at(tmp_path: Path) -> None:
    folder = faces(tmp_path / "faces", *(f"site{s}/p{s}/{k}.png" for s in (1, 2) for k in (1, 2)))
    (tmp_path / "people.csv").write_text("subject_id,gender\np1,a\np2,b\n")
    with pytest.raises(ManifestError, match=r"give --pattern '\*/\{subject\}/\*'"):
        gather(folder, tmp_path / "people.csv")
    gathered = gather(folder, tmp_path / "people.csv", pattern="*/{subject}/*")
    assert set(gathered.rows["subject_id"]) == {"p1", "p2"}
    faces(folder, "site1/p3/1.png")
    said = gather(folder).notes
    assert any(
        "1 person has pictures in several folders: those of 'site1' are" in one for one in said
    )


def test_an_age_that_differs_from_picture_to_picture_is_no_label_of_a_person(
    tmp_path: Path,
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("id,race,age\n7,B,20\n7,B,25\n8,W,30\n19,W,40\n")
    gathered = gather(by_person(tmp_path / "faces"), people)
    assert "age" not in gathered.rows
    assert gathered.rows["ethnicity"].tolist() == ["B", "B", "W", "W", "W", "W"]
    assert any(
        "Column 'age' is left out: it has several values for 7" in note for note in gathered.notes
    )
    with pytest.raises(ManifestError, match="row 2, column 'age', value '20'"):
        gather(tmp_path / "faces", people, Columns(others={"age": "age"}))


@pytest.mark.parametrize(
    ("names", "pattern", "reference", "expected"),
    [
        (["a_1.png", "a_2.png"], "{subject}_*", None, {"a_1.png": "reference", "a_2.png": "probe"}),
        (
            ["a_1.png", "a_neutral.png"],
            "{subject}_*.png",
            "Neutral",
            {"a_1.png": "probe", "a_neutral.png": "reference"},
        ),
        (
            ["x/a-gallery.png", "x/a-probe.png"],
            "x/{subject}-{role}",
            None,
            {"x/a-gallery.png": "reference", "x/a-probe.png": "probe"},
        ),
        (
            ["a/probe/1.png", "a/enrol/2.png"],
            None,
            None,
            {"a/enrol/2.png": "reference", "a/probe/1.png": "probe"},
        ),
        (["a/1.png"], None, None, {"a/1.png": "both"}),
    ],
)
def test_names_tell_person_and_role(
    names: list[str],
    pattern: str | None,
    reference: str | None,
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    gathered = gather(faces(tmp_path, *names), pattern=pattern, reference=reference)
    assert roles(gathered) == expected
    assert gathered.rows["subject_id"].tolist() == ["a"] * len(names)


def test_further_names_of_a_pattern_are_columns(tmp_path: Path) -> None:
    gathered = gather(faces(tmp_path, "a/n/1.png", "a/s/1.png"), pattern="{subject}/{camera}/*")
    assert gathered.rows["camera"].tolist() == ["n", "s"]


def test_columns_of_any_name(tmp_path: Path) -> None:
    people = table(tmp_path / "p.csv", "who;g;what they call themselves")
    folder = by_person(tmp_path / "faces")
    columns = Columns("WHO", "g", others={"heritage": "what they call themselves"})
    rows = gather(folder, people, columns).rows
    assert rows["heritage"].dropna().unique().tolist() == ["White", "Black, African"]
    assert "ethnicity" not in rows
    with pytest.raises(ManifestError, match=r"--subject COLUMN\. Columns there: who, g"):
        gather(folder, people)
    with pytest.raises(ManifestError, match="column 'sex': there is no such column"):
        gather(folder, people, Columns("who", "sex"))


@pytest.mark.parametrize(
    "header",
    [
        "Person;What is your sex?;What is your ethnic group?",
        "id;Gender identity;ETHNIC GROUP:",
        "Participant ID;Self-defined gender;self-defined ethnicity",
    ],
)
def test_the_questions_of_a_census_are_labels(header: str, tmp_path: Path) -> None:
    gathered = gather(by_person(tmp_path / "faces"), table(tmp_path / "people.csv", header))
    assert gathered.rows["gender"].iloc[0] == "Woman"
    assert gathered.rows["ethnicity"].iloc[0] == "White"
    assert not gathered.unlabelled


def test_a_table_without_a_label_that_is_known_names_the_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces_, file = by_person(tmp_path / "faces"), tmp_path / "people.csv"
    table(file, "ID;Their gender;Background")
    assert main(["manifest", str(faces_), str(file)]) == 0
    printed = capsys.readouterr().out
    assert "no groups can be compared" in printed
    assert "--gender 'Their gender' --ethnicity COLUMN --replace" in printed
    assert "Next:" not in printed


def test_everything_wrong_is_listed_at_once(tmp_path: Path) -> None:
    folder = by_person(tmp_path / "faces")
    faces(folder, "loose.png")
    (folder / "007" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "008" / "empty.png").touch()
    shutil.copy(folder / "007" / "2.png", folder / "008" / "9.png")
    shutil.copy(folder / "007" / "2.png", folder / "007" / "99.png")
    people = tmp_path / "people.csv"
    people.write_text("id,sex,age\n7,Woman,thirty\n8,Man,40\n8,Woman,40\n,Man,50\n")
    with pytest.raises(ManifestError) as caught:
        gather(folder, people)
    said = str(caught.value)
    assert len(caught.value.problems) == 9
    for words in (
        "row 2, column 'age', value 'thirty'",
        "row 3, column 'sex', value 'Man': person '8' has another label in another row",
        "row 4, column 'sex', value 'Woman'",
        "row 5, column 'subject_id': the person is missing",
        "value 'loose.png': the picture lies beside the folders of people",
        "value '007/broken.jpg'",
        "value '008/empty.png': the file has no bytes",
        "value '008/9.png': 007/2.png is the same image, of person '007'",
        "value '007/99.png': 007/2.png is the same image, so it would be compared with itself",
    ):
        assert words in said


def test_nobody_and_nothing_is_left_out_without_a_word(tmp_path: Path) -> None:
    folder = by_person(tmp_path / "faces")
    faces(folder, "stranger/1.png")
    for name in (".DS_Store", "notes.txt", "007/Thumbs.db"):
        (folder / name).write_bytes(b"x")
    (folder / "linked").symlink_to(faces(tmp_path / "elsewhere", "1.png"))
    people = table(tmp_path / "people.csv")
    people.write_text(people.read_text("utf-8-sig") + "\n99;Woman;White\n", "utf-8")
    gathered = gather(folder, people)
    said = " ".join(gathered.notes)
    assert "4 files left out" in said
    assert "1 link to a folder" in said
    assert "1 person has pictures and no row in the table: stranger" in said
    assert "1 person of the table has no picture: 99" in said
    assert len(gathered.rows) == 7


@pytest.mark.parametrize(
    ("names", "pattern", "said"),
    [
        (["a_1.png"], None, "--pattern '{subject}_*'"),
        ([], None, "there is no picture"),
        (["a_1.png"], "{person}_*", "must name {subject} once"),
        (["a_1.png", "b.png"], "{subject}_*", "'b.png': the picture does not fit --pattern"),
        (["a/1.heic"], None, "not an image in a known format"),
        (["a/live.png"], "{subject}/{role}", "the role 'live' is not known"),
    ],
)
def test_what_cannot_be_read_is_refused(
    names: list[str], pattern: str | None, said: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"no picture")
    if names and not names[0].endswith("heic"):
        faces(tmp_path, *names)
    with pytest.raises(ManifestError) as caught:
        gather(tmp_path, pattern=pattern)
    assert said in str(caught.value)


def test_a_table_of_other_people_is_refused(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("id,sex\nx,Woman\ny,Man\n")
    with pytest.raises(ManifestError, match="no person of the table has a picture: the table"):
        gather(by_person(tmp_path / "faces"), people)
    people.write_text(",Labels\nid,sex\n7,Woman\n8,Man\n")
    with pytest.raises(ManifestError, match="row 2 seems to be the header"):
        gather(tmp_path / "faces", people)


def test_a_manifest_is_private_and_not_written_over(tmp_path: Path) -> None:
    folder = by_person(tmp_path / "faces")
    gathered = gather(folder)
    file = tmp_path / "manifest.csv"
    write_manifest(gathered, file, folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert next(csv.DictReader(file.read_text().splitlines()))["path"] == "faces/007/2.png"
    assert len(load_manifest(file).images) == 6
    with pytest.raises(ManifestError, match="--replace"):
        write_manifest(gathered, file, folder)
    with pytest.raises(ManifestError, match="in the folder of its pictures, or in one above it"):
        write_manifest(gathered, folder / "007" / "manifest.csv", folder)


def test_the_command_says_who_is_in_and_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    by_person(tmp_path / "my faces")
    table(tmp_path / "people.csv")
    assert main(["manifest", "my faces", "people.csv"]) == 0
    said = capsys.readouterr().out
    assert "3 people, 6 images: 3 probe, 3 reference." in said.replace(
        "3 reference, 3 probe", "3 probe, 3 reference"
    )
    assert "'Black' stands for 'Black, African'" not in said  # Short enough as it is.
    assert "unknown" in said
    assert "counted and shown, never compared" in said
    assert "fewer than 6 people" in said
    assert "lfr-eval run dataset=manifest \"dataset.path='my faces/manifest.csv'\" " in said
    assert main(["manifest", "my faces", "people.csv", "--map", "site"]) == 2
    assert "give NAME=COLUMN" in capsys.readouterr().err
