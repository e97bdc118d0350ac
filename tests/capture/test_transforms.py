"""Each transform against a simple definition of what its strength means."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from lfr_eval.cohort.capture.transforms import (
    TRANSFORMS,
    Step,
    blurred,
    cropped,
    degrade,
    exposed,
    motion_kernel,
    noisy,
    scaled,
)


def picture(seed: int = 0, width: int = 120, height: int = 90) -> Image.Image:
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.uniform(0, 255, (height, width, 3)), (3, 3, 0))
    return Image.fromarray(np.clip(4 * (smooth - 127) + 127, 0, 255).astype(np.uint8))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, float)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@given(length=st.floats(1, 60), angle=st.floats(-180, 360))
def test_a_kernel_sums_to_one_and_is_as_long_as_the_movement(length: float, angle: float) -> None:
    kernel = motion_kernel(length, angle)
    assert kernel.sum() == pytest.approx(1.0)
    assert (kernel >= 0).all()
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-9)
    row, column = np.indices(kernel.shape) - kernel.shape[0] // 2
    turned = np.deg2rad(angle)
    along = column * np.cos(turned) - row * np.sin(turned)
    # A uniform movement over length - 1 pixels has this spread; sharing between pixels adds little.
    spread = np.sum(kernel * along**2)
    assert (length - 1) ** 2 / 12 <= spread + 0.02 * length
    assert spread <= (length - 1) ** 2 / 12 * 1.3 + 0.5


def test_a_level_movement_of_n_pixels_is_the_mean_of_n_neighbours() -> None:
    image = picture()
    expected = ndimage.uniform_filter1d(pixels(image), 9, axis=1, mode="nearest")
    found = pixels(blurred(image, motion_kernel(9, 0.0)))
    # The path ends half a pixel into its last neighbours, so it is nearly but not quite the mean.
    assert np.abs(found - expected).max() <= 6
    assert np.abs(found - expected).mean() <= 1


def test_blur_keeps_the_mean_and_one_pixel_changes_nothing() -> None:
    image = picture(3)
    assert pixels(blurred(image, motion_kernel(1.0, 30.0))).tolist() == pixels(image).tolist()
    flat = Image.new("RGB", (40, 40), (90, 120, 30))
    assert pixels(blurred(flat, motion_kernel(12, 45.0))).tolist() == pixels(flat).tolist()
    assert abs(pixels(blurred(image, motion_kernel(8, 60.0))).mean() - pixels(image).mean()) < 2


@given(target=st.floats(8, 60))
def test_eyes_are_as_far_apart_as_was_asked_for(target: float) -> None:
    """Two bright dots stand for eyes: after the resize their distance is right within a pixel."""
    image = np.zeros((200, 300, 3), np.uint8)
    image[96:105, 96:105] = image[96:105, 176:185] = 255
    small = degrade(Image.fromarray(image), Step({"eye_distance": target}), rng(), eyes=80.0)
    grey = pixels(small).sum(axis=2)
    half = grey.shape[1] * 140.5 / 300
    column = np.arange(grey.shape[1])
    left, right = grey[:, column < half], grey[:, column >= half]
    centre = [
        np.sum(part.sum(axis=0) * column[side]) / part.sum()
        for part, side in ((left, column < half), (right, column >= half))
    ]
    assert centre[1] - centre[0] == pytest.approx(target, abs=1.0)


def test_a_smaller_picture_has_the_mean_of_what_each_pixel_covers() -> None:
    image = picture(1, 120, 90)
    blocks = pixels(image).reshape(30, 3, 40, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(pixels(scaled(image, 1 / 3)), blocks, atol=1.0)


def test_noise_has_its_standard_deviation() -> None:
    flat = Image.new("RGB", (300, 300), (128, 128, 128))
    found = pixels(noisy(flat, 12.0, rng())) - 128
    assert found.std() == pytest.approx(12.0, rel=0.01)
    assert abs(found.mean()) < 0.1


def test_jpeg_is_that_of_pillow() -> None:
    image = picture(2)
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=30)
        expected = pixels(Image.open(io.BytesIO(file.getvalue())))
    assert pixels(degrade(image, Step({"jpeg": 30}), rng())).tolist() == expected.tolist()
    worse = [
        np.abs(pixels(degrade(image, Step({"jpeg": q}), rng())) - pixels(image)).mean()
        for q in (90, 50, 10)
    ]
    assert worse == sorted(worse)


def test_exposure_doubles_light_not_levels() -> None:
    grey = Image.new("RGB", (2, 2), (188, 188, 188))  # half the light of white, in sRGB
    assert pixels(exposed(grey, 1.0)).mean() == pytest.approx(255, abs=1)
    assert pixels(exposed(Image.new("RGB", (2, 2), (255, 255, 255)), -1.0)).mean() == 188
    image = picture(4)
    assert np.abs(pixels(exposed(image, 0.0)) - pixels(image)).max() == 0


def test_crop_keeps_the_middle() -> None:
    image = picture(5, 100, 60)
    np.testing.assert_array_equal(pixels(cropped(image, 0.5)), pixels(image)[15:45, 25:75])


def test_a_chain_is_applied_in_the_order_of_a_camera() -> None:
    step = Step({"jpeg": 40, "noise": 8, "eye_distance": 20})
    assert [name for name, _ in step.chain] == ["eye_distance", "noise", "jpeg"]
    assert step.words == "eye distance 20 px + noise 8 + JPEG quality 40"
    assert step.by_chance
    assert not Step({"motion_blur": 3}).by_chance
    assert Step({"motion_blur": 3}, angle=None).by_chance
    assert list(TRANSFORMS).index("crop") == 0


def test_an_eye_distance_without_eyes_is_refused() -> None:
    with pytest.raises(ValueError, match="distance between the eyes"):
        degrade(picture(), Step({"eye_distance": 20}), rng())
