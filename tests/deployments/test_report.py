"""From published files to the annual report in two commands, as an oversight body types them."""

import hashlib
from pathlib import Path

import pandas as pd
import pypdf
import pytest

from lfr_eval import __version__
from lfr_eval.cli.main import UNUSABLE, main
from tests.deployments.grids import HEADINGS, row, write_csv, write_pdf

DAYS = [f"{day:02d}/{month:02d}/24" for month in range(1, 13) for day in (3, 9, 14, 20, 27)]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("records")
    rows = [row(f"Place <b>{n % 7}</b>", day) for n, day in enumerate(DAYS)]
    pdf = write_pdf(tmp_path / "grid.pdf", [rows[:30]])
    table = write_csv(tmp_path / "grid.csv", rows[30:])
    to = tmp_path / "records.parquet"
    assert main(["deployments", "import", str(pdf), str(table), "--to", str(to)]) == 0
    return to


def test_a_share_without_false_alerts_is_refused(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["deployments", "report", str(records), "--to", str(tmp_path / "annual")]
    share = ["--false-alerts", "Black=8/10", "--share", "black=0.135", "--share", "White=0.5"]
    assert main([*command, *share]) == UNUSABLE
    assert "--share names White, but nothing says" in capsys.readouterr().err
    assert not (tmp_path / "annual").exists()


def test_two_commands_lead_from_files_to_the_report(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "annual"
    command = ["deployments", "report", str(records), "--to", str(folder)]
    stated = ["--false-alerts", "Black=8/10", "--share", "Black=0.135"]
    assert main([*command, *stated, "--false-alerts", "White=50/90"]) == 0
    said = "White=50/90 is of 90 false alerts, but the records of the period hold 60"
    printed = capsys.readouterr().out
    assert said in printed
    assert "Black=8/10" not in printed
    page = (folder / "annual-report.html").read_text(encoding="utf-8")
    assert "60 of 240 alerts were false: 1 in 4" in page
    assert "These records come from 2 files and are counted together" in page
    assert f"by lfr-eval {__version__} on 20" in page
    assert (
        "As stated by whoever ran this, of 10 of the 60 in these records: 8 of 10 false alerts "
        "were of Black people" in page
    )
    assert "it is an assumption" in page
    assert "against every share that it may have of the faces seen (exact binomial test)" in page
    assert "Large dot: a stated share" in page
    assert "Place &lt;b&gt;" in page
    assert "<b>0" not in page
    paper = pypdf.PdfReader(folder / "annual-report.pdf")
    text = " ".join(each.extract_text() for each in paper.pages)
    assert "60 of 240 alerts were false" in text
    rates = pd.read_csv(folder / "rates.csv")
    everything = rates[(rates["dimension"] == "all") & (rates["measure"] == "per alert")]
    assert everything["false_alerts"].tolist() == [60]
    assert len(pd.read_csv(folder / "records.csv")) == 60


def test_a_rate_names_what_it_is_of_what_it_leaves_out_and_what_it_mixes(tmp_path: Path) -> None:
    """Every pair of figures on the page can be divided by a reader, and gives the rate there."""
    old = {"Total_Alerts": "8", "True_Alerts_Confirmed": "1", "False_Alerts_Confirmed": "7"}
    rows = [
        row("A", f"03/{month:02d}/23", Min_Threshold_Setting="0.60", Duration="", **old)
        for month in (1, 2)
    ]
    files = [str(write_csv(tmp_path / "grid.csv", rows + [row("A", day) for day in DAYS]))]
    to, folder = str(tmp_path / "r.parquet"), tmp_path / "annual"
    assert main(["deployments", "import", *files, "--to", to]) == 0
    assert main(["deployments", "report", to, "--to", str(folder)]) == 0
    page = (folder / "annual-report.html").read_text(encoding="utf-8")
    assert "74 of 256 alerts were false" in page
    assert (
        "This rate combines 2 thresholds (false alerts: from 60 of 240 at 0.64 to 14 of 16 at 0.60)"
        " and 2 years (false alerts: from 60 of 240 in 2024 to 14 of 16 in 2023). It may hold for "
        "none of them."
    ) in page
    assert ", 60 in 330.0 hours. 14 more false alerts, from records without hours, are not" in page
    assert "62 (seems to repeat other disposals)" in page


def test_forces_come_one_by_one_and_a_pooled_rate_with_how_they_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"Total_Alerts": "20", "True_Alerts_Confirmed": "20", "False_Alerts_Confirmed": "0"}
    write_csv(tmp_path / "kent.csv", [row("A", day) for day in DAYS[:20]])
    write_csv(tmp_path / "essex.csv", [row("B", day, **few) for day in DAYS[20:]])
    files, to = (
        [str(tmp_path / name) for name in ("kent.csv", "essex.csv")],
        str(tmp_path / "r.parquet"),
    )
    command = ["deployments", "import", *files, "--to", to]
    assert main([*command, "--force", "kent.cvs=Kent"]) == UNUSABLE
    assert "--force names 'kent.cvs', which is not one of the files" in capsys.readouterr().err
    main([*command, "--force", "kent.csv=Kent", "--force", "Essex"])
    main(["deployments", "report", to, "--to", str(tmp_path / "annual")])
    page = (tmp_path / "annual" / "annual-report.html").read_text(encoding="utf-8")
    together = page.index("20 of 880 alerts were false")
    assert page.index("These records are of 2 forces") < page.index("Totals by force") < together
    assert page.index("20 in 80 alerts") < together
    assert "The forces differ more than chance" in page[together:]
    assert "No rate per face is given for all forces together" in page
    assert "They may also differ in place, crowd, hours, watchlist and threshold" in page
    rates = pd.read_csv(tmp_path / "annual" / "rates.csv")
    assert set(rates.loc[rates["force"].isna(), "dimension"]) == {"all", "force"}
    capsys.readouterr()
    main(["deployments", "monitor", to, "--limit", "1/100000"])
    said = capsys.readouterr().out
    assert "ALARM: Kent: more false alerts than 1 in 100,000 faces" in said
    assert "\nEssex: more false alerts than 1 in 100,000 faces: not shown" in said


@pytest.mark.parametrize(
    ("place", "said"), [("A", "only at places that had more"), ("B", "No place had")]
)
def test_camera_and_place_are_kept_apart(tmp_path: Path, place: str, said: str) -> None:
    headings = ["Camera" if name == "LFR Use Case" else name for name in HEADINGS]
    rows = [row("A", day, LFR_Use_Case="van") for day in DAYS[:6]]
    rows += [row(place, day, LFR_Use_Case="new static") for day in DAYS[6:12]]
    to = str(tmp_path / "r.parquet")
    main(["deployments", "import", str(write_csv(tmp_path / "a.csv", rows, headings)), "--to", to])
    main(["deployments", "report", to, "--to", str(tmp_path / "annual")])
    page = (tmp_path / "annual" / "annual-report.html").read_text(encoding="utf-8")
    assert said in page
    assert "By kind of camera, alerts per hour are not shown to differ, nor to be alike (p" in page
    assert "reduced" not in page.partition("<main")[2]


def test_every_figure_leads_to_the_file_with_its_hash(records: Path, tmp_path: Path) -> None:
    folder = tmp_path / "annual"
    main(["deployments", "report", str(records), "--to", str(folder), "--from", "2024-06-01"])
    page = (folder / "annual-report.html").read_text(encoding="utf-8")
    listed = pd.read_csv(folder / "records.csv")
    for name, part in listed.groupby("source"):
        digest = hashlib.sha256((records.parent / str(name)).read_bytes()).hexdigest()
        assert set(part["source_sha256"]) == {digest}
        assert digest in page
    rates = pd.read_csv(folder / "rates.csv")
    for rate in rates.to_dict("records"):
        ends = [[int(n) for n in each.split("–")] for each in str(rate["records"]).split(", ")]
        behind = [n - 1 for first, *last in ends for n in range(first, (last or [first])[0] + 1)]
        assert listed.loc[behind, "false_alerts"].sum() == rate["false_alerts"]
        assert len(behind) == rate["deployments"]


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ((), "1 of 4 alerts was false: 1 in 4"),
        (("Total Alerts", "Duration", "Faces seen (Estimate)"), "No rate can be given: no record"),
    ],
)
def test_one_deployment_and_no_denominator_are_told(
    tmp_path: Path, without: tuple[str, ...], said: str
) -> None:
    places = [at for at, heading in enumerate(HEADINGS) if heading not in without]
    given = [[row("A", "03/01/24")[at] for at in places]]
    table, to = (
        write_csv(tmp_path / "a.csv", given, [HEADINGS[at] for at in places]),
        str(tmp_path / "r.parquet"),
    )
    assert main(["deployments", "import", str(table), "--to", to]) == 0
    assert main(["deployments", "report", to, "--to", str(tmp_path / "annual")]) == 0
    page = (tmp_path / "annual" / "annual-report.html").read_text(encoding="utf-8")
    assert said in page
    assert "Totals of 1 record<" in page
    assert "Totals of 1 place," in page


def test_no_headline_without_its_assumption(records: Path, tmp_path: Path) -> None:
    folder = tmp_path / "annual"
    main(["deployments", "report", str(records), "--to", str(folder)])
    page = (folder / "annual-report.html").read_text(encoding="utf-8")
    assert "Nobody can tell from them whether false alerts fall on one group" in page


def test_the_report_finds_the_doubts_of_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day out of sequence as printed is in sequence once the rows are sorted."""
    days = [*DAYS[:10], "03/11/23", *DAYS[11:20]]
    table = write_csv(tmp_path / "=1+1.csv", [row("=1+1", day) for day in days])
    to = str(tmp_path / "records.parquet")
    main(["deployments", "import", str(table), "--to", to, "--force", "Kent Police"])
    capsys.readouterr()
    main(["deployments", "check", to])
    said = capsys.readouterr().out
    folder = tmp_path / "annual"
    assert main(["deployments", "report", to, "--to", str(folder)]) == 0
    doubts = pd.read_csv(folder / "doubts.csv")
    assert "date out of sequence" in set(doubts["check"])
    assert f"{len(doubts)} doubts in 20 records." in said
    page = (folder / "annual-report.html").read_text()
    assert "20 deployments of Kent Police from" in page
    assert set(pd.read_csv(folder / "rates.csv")["force"]) == {"Kent Police"}
    assert "Kent Police:" not in page  # Where there is one, no row names it again.
    # A spreadsheet calculates none of the tables.
    assert set(pd.read_csv(folder / "records.csv")["place"]) == {"'=1+1"}
    assert doubts["source"].str.startswith("'=").all()


def test_a_period_takes_only_its_days(records: Path, tmp_path: Path) -> None:
    folder = tmp_path / "annual"
    asked = ["--from", "2024-03-01", "--until", "31/03/24"]
    assert main(["deployments", "report", str(records), "--to", str(folder), *asked]) == 0
    assert len(pd.read_csv(folder / "records.csv")) == 5
    page = (folder / "annual-report.html").read_text(encoding="utf-8")
    assert "5 deployments from 3 March 2024 to 27 March 2024" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "{}", "--to", "x", "--from", "soon"], "--from takes a day"),
        (["report", "{}", "--to", "x", "--from", "2031-01-01"], "No record falls into the period"),
        (["report", "{}", "--to", "x", "--share", "Black"], "--share takes GROUP=SHARE"),
        (["report", "gone.parquet", "--to", "x"], "gone.parquet does not exist"),
        (["import", "{}", "--to", "x.csv"], "is not a .pdf, .xlsx, .csv or .json file"),
        (["monitor", "{}", "--limit", "0"], "--limit 0.0 is not above zero"),
        (["monitor", "{}", "--limit", "rarely"], "--limit takes a rate such as 1/1000"),
        (["monitor", "{}", "--limit", "2"], "--limit 2.0 is above 1 per face"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    records: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["deployments", *(word.format(records) for word in words)]) != 0
    assert said in capsys.readouterr().err


def test_an_alarm_has_an_exit_status_of_its_own(records: Path, tmp_path: Path) -> None:
    page = tmp_path / "monitor.html"
    command = ["deployments", "monitor", str(records), "--limit", "0.00001"]
    assert main([*command, "--to", str(page)]) == 3
    # As the headline, and among the questions.
    assert page.read_text().count("More false alerts than 1 in 100,000 faces: yes, since 2024") == 2
    assert main(["deployments", "monitor", str(records), "--limit", "1%"]) == 0
    assert main(["deployments", "monitor", str(records), "--limit", "1/20", "--per", "hour"]) == 3


def test_confirmed_corrections_are_used_and_listed(tmp_path: Path) -> None:
    rows = [row(f"Place {n}", day) for n, day in enumerate(DAYS)]
    rows[17][1] = "14/04/23"
    table = write_csv(tmp_path / "grid.csv", rows)
    to = tmp_path / "records.parquet"
    main(["deployments", "import", str(table), "--to", str(to)])
    main(["deployments", "check", str(to), "--write"])
    file = tmp_path / "records.corrections.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([lines[0], lines[1][:-1] + "yes,A. Clerk", *lines[2:]]))
    main(["deployments", "report", str(to), "--to", str(tmp_path / "annual")])
    page = (tmp_path / "annual" / "annual-report.html").read_text(encoding="utf-8")
    assert "date was 2023-04-14, is 2024-04-14" in page
    assert "Confirmed by A. Clerk." in page
