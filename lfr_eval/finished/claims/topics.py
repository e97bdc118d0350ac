"""What else a sentence speaks of: the study itself, causes, the future, other places, the law.

In: a sentence in plain lower case. Out: the topics it touches, each with the words that show it.
"""

from __future__ import annotations

import re

from lfr_eval.finished.claims.lexicon import any_of, word

TOPICS: dict[str, re.Pattern[str]] = {
    "study": word(r"""
        sample(?: size)?s?|underpowered|statistical power|too (?:small|few|low|little|weak|short)
        not substantiated|unsubstantiated
        (?:no|not|never|insufficient|without|lacks?) (?:\w+ ){0,3}(?:tested|assessed|evaluated|
        ...examined|audited|evidence|proof)(?= |[.,]|$)|cannot be (?:ruled out|excluded|known)
        (?:study|trial|test|report|research|evaluation|sample) (?:\w+ ){0,3}(?:too small|flawed|
        ...limited|peer|lacked|robust|independent|comprehensive|large|rigorous)|methodolog\w+
        peer[- ]review\w*|(?:nobody|no-?one) (?:can|could) (?:say|claim|know|tell)
        (?:could|can|would) (?:not|never) (?:have )?(?:detect|rule|show|find|found|exclude|say|know|
        ...be known|be sure)\w*|(?:does|do|did) not (?:mean|prove|rule|exclude|follow)
        power to detect|inconclusive|unproven|unknown|untested|unclear|uncertain
    """),
    "cause": word(r"""
        because(?: of)?|due to|owing to|caus(?:e|es|ed|ing)|as a result|result(?:s|ed)? (?:of|from)
        thanks to|explain(?:s|ed)?(?: by)?|trained on|leads? to (?=fewer|more|better|lower)
        mitigat\w+|eliminat\w+|eradicat\w+|remov(?:e|es|ed|ing)|reduc(?:e|es|ed|ing)
        correct(?:s|ed) (?:for|the)|on account of|driven by|attribut\w+ to|fix(?:es|ed)
        solv(?:es|ed)|cured?|prevents?|ensur(?:e|es|ed|ing)|guarantee\w*|designed out
    """),
    "future": word(r"""
        will|shall|won't|going to|is set to|are set to|in future|in the future|expected to|always
        never again|guarantee\w*|from now on|by 20\d\d|next year|is bound to|promises? to
    """),
    "outside": word(r"""
        (?<!ethnic )home office|met|metropolitan police\w*|south wales\w*|essex|cardiff|swansea
        croydon|london\w*|manchester|birmingham|bedfordshire|hampshire|leicester\w*|nottingham\w*
        west midlands|scotland\w*|wales|welsh|england|britain|british|uk|us|america\w*|china
        europe\w*|soho|stratford|oxford circus|westminster|holyhead|carnival|football|stadium\w*
        airports?|supermarkets?|shops?|retail\w*|high streets?|streets?|nec|neoface|cognitec|idemia
        corsight|amazon|rekognition|clearview|facewatch|vans?|criminals?|suspects?|offenders
        wanted (?:people|persons)|paedophiles?|rapists?|members of the public|the public|shoppers
        fans|protesters|pupils|schools?|retrospective\w*|operator[- ]initiated
        new (?:algorithm|software|version|system)|old (?:algorithm|software|system)
        other (?:algorithms?|systems?|forces|countries|studies)|police national database|pnd|custody
        since 20\d\d|arrest\w*|deployments?|in (?:the )?(?:real world|field|practice)|real[- ]world
        on the ground|annual report|nationwide|nationally|across the country|officers?
    """),
    "judgement": word(r"""
        lawful\w*|unlawful\w*|legal\w*|illegal\w*|proportionate(?:ly)?|necessary|trust\w*
        confidence (?:in|of the public)|public confidence|acceptabl[ey]|unacceptabl[ey]|ethical\w*
        unethical\w*|human rights?|privacy|surveillance|democra\w+|orwellian|dangerous|draconian
        intrusive|value for money|worth(?:while)?|boast\w*|should|must|ought|required to
        safe(?:r|ty|ly)?|effective(?:ly|ness)?|game[- ]chang\w+|vital|invaluable|essential
        success\w*|world[- ]leading|impressive|reassur\w+|alarming|shocking|disgrace\w*
        appropriate\w*|responsibl[ey]|transparent\w*|crime|consent|welcome|benefits?|powerful
        dystopian|scandal\w*|good enough|fit for purpose|reliable|works(?: well)?|racist
        support(?:s|ed)? the use
    """),
    "accuracy": word(r"""
        accura(?:cy|te|tely)|inaccura(?:cy|te|tely)|precis(?:e|ion)|error rate
        gets? it (?:right|wrong)
        (?:right|wrong|correct|incorrect) (?:\w+ ){0,3}(?:of the time|of cases|in \d+)
        (?:was|is|were|are) (?:right|wrong|correct) in|success rate|failure rate|correct \d
        \d+ % (?:right|wrong|correct|of the time)|flawless\w*|infallib\w+|never wrong
        makes? (?:no )?mistakes
    """),
    "share": re.compile(
        any_of(r"""
        \b(?:of the|of all|of \d+|all|every|each|most|majority of|proportion of|share of|half|
        ...\d+ (?:of|out of)|\d+ in \d+(?= alerts| matches| false
        ...| people)) (?:\w+ ){0,4}?(?:false (?:positives?|alerts?|matches|match)|alerts?|matches|
        ...misidentif\w+|mistakes|errors|wrong\w* \w+|(?:people|persons?|those|
        ...individuals) (?:\w+ ){0,2}?(?:wrongly|falsely|mistakenly|misidentified|
        ...stopped) ?(?:\w+)?),? (?:\w+ ){0,2}?(?:was|were|are|is|had|came|involved|concerned)(?!\w)
        % of (?:\w+ )?(?:alerts|positives|matches)|per \d+ faces|faces (?:seen|scanned)
        (?:in|of|per) \d+ faces(?!\w)
    """)
    ),
}

_QUESTION = re.compile(r"\?[\"' )]*$")


def topics_of(plain: str) -> dict[str, str]:
    """Return the topics that a sentence touches, and the words that show each.

    Examples
    --------
    >>> topics_of("the met will keep us safe")
    {'future': 'will', 'outside': 'met', 'judgement': 'safe'}
    """
    found = {topic: pattern.search(plain) for topic, pattern in TOPICS.items()}
    return {topic: match.group().strip() for topic, match in found.items() if match}


def is_question(plain: str) -> bool:
    """Return whether a sentence asks."""
    return _QUESTION.search(plain) is not None
