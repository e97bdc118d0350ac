"""FaceNet with weights of one's own: found by file, told apart by content, nothing guessed."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import torch

from lfr_eval.cohort import FetchError
from lfr_eval.config import ConfigError
from lfr_eval.matchers import FrameMatcher, ImageMatcher, MatcherError
from lfr_eval.matchers.faces import open_picture
from lfr_eval.matchers.torchvision_ops import ensure_torchvision
from lfr_eval.registry.matcher_of import image_matcher
from tests.studies import configured

FACE = Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg"
"""A portrait in the public domain that every install of matplotlib has."""


def made(folder: Path, weights: Path | str) -> ImageMatcher:
    given = (
        "dataset=london",
        "matcher=facenet",
        "matcher.device=cpu",
        f"matcher.weights={weights}",
    )
    return image_matcher(configured(folder, *given))


def test_weights_without_a_checksum_are_asked_for_by_file(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        made(tmp_path, "facenet_casia_webface")
    said = str(caught.value)
    for part in (
        "Weights 'facenet_casia_webface' must be downloaded by hand",
        "https://github.com/timesler/facenet-pytorch/releases/download/",
        "matcher.weights=FILE",
    ):
        assert part in said
    with pytest.raises(ConfigError, match="there is no such file"):
        made(tmp_path, "casia.pt")
    (tmp_path / "other.pt").write_bytes(b"\x80\x02 nothing of ours")
    with pytest.raises(MatcherError, match=r"other\.pt cannot be read as weights"):
        made(tmp_path, tmp_path / "other.pt")
    torch.save({"conv": torch.zeros(3)}, tmp_path / "conv.pt")
    torch.save({"conv2d_1a.conv.weight": torch.zeros(3)}, tmp_path / "small.pt")
    with pytest.raises(MatcherError, match=r"weights of other sizes: size mismatch for conv2d_1a"):
        made(tmp_path, tmp_path / "small.pt")
    with pytest.raises(MatcherError, match="does not hold the weights of InceptionResnetV1"):
        made(tmp_path, tmp_path / "conv.pt")


def test_packed_weights_of_nothing_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("packed/data/0", bytes(1 << 22))
    monkeypatch.setattr("lfr_eval.contract.archives.LEAST", 1 << 20)
    with pytest.raises(MatcherError, match=r"packed\.pt: it unpacks to 4,194,304 bytes"):
        made(tmp_path, tmp_path / "packed.pt")


@pytest.mark.slow
def test_weights_of_a_file_work_and_other_ones_are_another_matcher(tmp_path: Path) -> None:
    ensure_torchvision()
    from facenet_pytorch import InceptionResnetV1

    matchers = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        # As published: with the classifier of the training identities, which templates do not use.
        network = InceptionResnetV1(classify=True, num_classes=10_575)
        torch.save(network.state_dict(), tmp_path / f"casia-{seed}.pt")
        matchers.append(made(tmp_path, tmp_path / f"casia-{seed}.pt"))
    one, other = matchers
    shutil.copyfile(tmp_path / "casia-1.pt", tmp_path / "renamed.pt")
    assert made(tmp_path, tmp_path / "renamed.pt").card.fingerprint == one.card.fingerprint
    assert one.card.fingerprint != other.card.fingerprint
    (first,), (second,) = one.embed([FACE]), other.embed([FACE])
    assert first.template is not None
    assert second.template is not None
    assert first.template.shape == (512,)
    assert not np.allclose(first.template, second.template)
    assert isinstance(one, FrameMatcher)
    picture = open_picture(FACE)
    assert picture is not None
    (face,) = one.faces_of(picture)
    np.testing.assert_allclose(face.template, first.template, atol=1e-5)
