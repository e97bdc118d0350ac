"""Registration: what a study promised before its results, and whether it is kept.

In: a plan (YAML) and its registration, a configuration, the people and the matcher. Out: a
`Standing`: as registered, deviating and in what, or not registered at all; and the inputs without
the images that the plan excludes.
"""

from lfr_eval.study.registration.differences import Difference, differences, settings_of
from lfr_eval.study.registration.exclusions import excluded_images
from lfr_eval.study.registration.plan import StudyPlan, overrides_of, read_plan
from lfr_eval.study.registration.record import (
    Registration,
    RegistrationError,
    images_of,
    read_registration,
    seal_of,
    write_registration,
)
from lfr_eval.study.registration.standing import Standing, check_standing, without_excluded
