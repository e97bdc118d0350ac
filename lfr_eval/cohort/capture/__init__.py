"""Stage `capture`: still images in, simulated passes out (off unless a study asks for it).

A recipe names transforms and their strengths (motion blur of 8 pixels, eyes 24 pixels apart); each
probe image gives one degraded picture for each step. Pictures are kept in the private cache, never
in a study. What comes out is labelled as simulated capture wherever it is shown.
"""

from lfr_eval.cohort.capture.passes import Recipe, simulate_passes
from lfr_eval.cohort.capture.pictures import FOLDER, KEPT, CaptureError
from lfr_eval.cohort.capture.transforms import TRANSFORMS, Step
