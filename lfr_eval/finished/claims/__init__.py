"""Claims: whether a sentence that somebody quotes is the study's own, or how it differs.

In: a study folder and a sentence. Out: the sentence's finding id and the study hash, or what was
left out, added, changed, mixed or made stronger than its evidence.
"""

from lfr_eval.finished.claims.checking import Verdict, check_claim
from lfr_eval.finished.claims.quotable import Quotable, Sentences, read_sentences, sentences_of

__all__ = ["Quotable", "Sentences", "Verdict", "check_claim", "read_sentences", "sentences_of"]
