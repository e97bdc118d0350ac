"""Stage cohort: the demographic schemes and the mappings between them, as data.

Each scheme says how its codes are assigned to people, because this decides what may be compared.
`lfr_eval.cohort.codes` reads these tables.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One code of a scheme and its meaning."""

    code: str
    label: str


@dataclass(frozen=True)
class Scheme:
    """A set of demographic codes.

    Attributes
    ----------
    name
        Name that a dataset card uses.
    version
        Year or number of the edition.
    title
        Name for readers.
    evidence
        Who assigns such a code: an entry of `tables.LABEL_SOURCES`, or `any`.
    source
        Where the codes are published.
    codes
        The codes in order; empty if any code is accepted.
    """

    name: str
    version: str
    title: str
    evidence: str
    source: str
    codes: tuple[Code, ...] = ()

    @property
    def free(self) -> bool:
        """Whether any code is accepted."""
        return not self.codes

    @property
    def names(self) -> tuple[str, ...]:
        """The codes without their labels."""
        return tuple(code.code for code in self.codes)

    def label(self, code: str) -> str:
        """Return the meaning of a code, or the code itself if it is not in the scheme."""
        return next((entry.label for entry in self.codes if entry.code == code), code)


@dataclass(frozen=True)
class Aggregation:
    """A named mapping from the codes of one scheme to fewer codes.

    Attributes
    ----------
    name
        Its name, with its version.
    source, target
        The schemes.
    pairs
        (code of the source, code of the target), for every code of the source.
    reference
        Where the mapping is published.
    """

    name: str
    source: str
    target: str
    pairs: tuple[tuple[str, str], ...]
    reference: str


def _codes(**labels: str) -> tuple[Code, ...]:
    return tuple(Code(code, label) for code, label in labels.items())


_SDE_WHITE = {"W1": "White: British", "W2": "White: Irish"}
_SDE_MIXED = {
    "M1": "Mixed: White and Black Caribbean",
    "M2": "Mixed: White and Black African",
    "M3": "Mixed: White and Asian",
    "M9": "Mixed: any other",
}
_SDE_ASIAN = {"A1": "Asian: Indian", "A2": "Asian: Pakistani", "A3": "Asian: Bangladeshi"}
_SDE_BLACK = {"B1": "Black: Caribbean", "B2": "Black: African", "B9": "Black: any other"}

SCHEMES = (
    Scheme(
        "gender",
        "1",
        "Gender",
        "any",
        "lfr_eval; the categories of the self-description question that UK forces ask",
        _codes(
            female="Female",
            male="Male",
            nonbinary="Non-binary",
            other="Other self-description",
            not_stated="Not stated",
        ),
    ),
    Scheme(
        "self_defined_18plus1",
        "2011",
        "Self-defined ethnicity, 18+1 (2011 census)",
        "self_defined",
        "https://en.wikipedia.org/wiki/Self-defined_ethnicity",
        _codes(
            **_SDE_WHITE,
            W3="White: Gypsy or Irish Traveller",
            W9="White: any other",
            **_SDE_MIXED,
            **_SDE_ASIAN,
            A4="Asian: Chinese",
            A9="Asian: any other",
            **_SDE_BLACK,
            O2="Other: Arab",
            O9="Other: any other",
            NS="Not stated",
        ),
    ),
    Scheme(
        "self_defined_16plus1",
        "2001",
        "Self-defined ethnicity, 16+1 (2001 census)",
        "self_defined",
        "https://en.wikipedia.org/wiki/Self-defined_ethnicity",
        _codes(
            **_SDE_WHITE,
            W9="White: any other",
            **_SDE_MIXED,
            **_SDE_ASIAN,
            A9="Asian: any other",
            **_SDE_BLACK,
            O1="Chinese",
            O9="Other: any other",
            NS="Not stated",
        ),
    ),
    Scheme(
        "self_defined_5plus1",
        "2011",
        "Self-defined ethnicity, 5+1 (2011 census: Chinese under Asian)",
        "self_defined",
        "https://www.ethnicity-facts-figures.service.gov.uk/style-guide/ethnic-groups/",
        _codes(W="White", M="Mixed", A="Asian", B="Black", O="Other", NS="Not stated"),
    ),
    Scheme(
        "self_defined_5plus1_2001",
        "2001",
        "Self-defined ethnicity, 5+1 (2001 census: Chinese under Chinese or other)",
        "self_defined",
        "https://www.ethnicity-facts-figures.service.gov.uk/style-guide/ethnic-groups/",
        _codes(W="White", M="Mixed", A="Asian", B="Black", O="Chinese or other", NS="Not stated"),
    ),
    Scheme(
        "ic_6plus1",
        "2007",
        "Identity code, 6+1 (appearance as perceived by an officer)",
        "officer_perceived",
        "Metropolitan Police Authority briefing 03/07; https://en.wikipedia.org/wiki/IC_code",
        _codes(
            IC1="White, North European",
            IC2="White, South European",
            IC3="Black",
            IC4="Asian (Indian subcontinent)",
            IC5="Chinese, Japanese, Korean or South-East Asian",
            IC6="Arab or North African",
            IC9="Unknown (in older records IC0)",
        ),
    ),
    Scheme(
        "fairface_7",
        "2021",
        "FairFace's seven race groups (appearance as perceived by annotators)",
        "annotator_perceived",
        "https://github.com/joojs/fairface",
        _codes(
            black="Black",
            east_asian="East Asian",
            indian="Indian",
            latino_hispanic="Latino or Hispanic",
            middle_eastern="Middle Eastern",
            southeast_asian="South-East Asian",
            white="White",
        ),
    ),
    Scheme(
        "london_set",
        "5",
        "Face Research Lab London Set: ethnicity in the volunteers' own words",
        "self_defined",
        "https://doi.org/10.6084/m9.figshare.5047666",
        (
            Code("black", "Black"),
            Code("east_asian", "East Asian"),
            Code("east_asian/white", "East Asian and White"),
            Code("west_asian", "West Asian"),
            Code("white", "White"),
        ),
    ),
    Scheme("free", "1", "Codes of the manifest's own", "any", "the manifest"),
)


def _by_letter(name: str) -> tuple[tuple[str, str], ...]:
    """In both census schemes, the first letter of a code is the broad group."""
    scheme = next(entry for entry in SCHEMES if entry.name == name)
    return tuple((code, code if code == "NS" else code[0]) for code in scheme.names)


_CENSUS = "Office for National Statistics, high-level ethnic groups of the {} census"


AGGREGATIONS = (
    Aggregation(
        "18plus1_to_5plus1_v1",
        "self_defined_18plus1",
        "self_defined_5plus1",
        _by_letter("self_defined_18plus1"),
        _CENSUS.format(2011),
    ),
    Aggregation(
        "16plus1_to_5plus1_v1",
        "self_defined_16plus1",
        "self_defined_5plus1_2001",
        _by_letter("self_defined_16plus1"),
        _CENSUS.format(2001),
    ),
)
