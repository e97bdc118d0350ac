"""The words by which people say that groups differ, that they do not, and that nothing is known."""

from __future__ import annotations

import re

from lfr_eval.finished.claims.lexicon import any_of, word

ATTRIBUTE = any_of(r"""
    race|racial|ethnic\w*|gender|sex|sexes|skin|colour|age|demographic\w*|background\w*
    protected characteristics?|who (?:they|you) are
""")
"""What groups are told apart by."""

NOUN = any_of(r"""
    bias(?:es)?|differences?|disparit(?:y|ies)|discriminat(?:ion|ory)|imbalances?
    inequalit(?:y|ies)|inequit(?:y|ies)|unfairness|racism|sexism|prejudice
    disproportion(?:ality)?|differentials?
    (?:demographic|racial|ethnic|gender) (?:variations?|effects?|gaps?|skew)
    variations? (?:by|between|across|in)|gaps?
""")
"""Differences as things."""

ADJECTIVE = any_of(
    r"""
    biased|racist|sexist|unfair(?:ly)?|unequal(?:ly)?|inequitabl[ey]|prejudiced|skewed
    disproportionate(?:ly)?|discriminat(?:e|es|ed|ing)|differ(?:s|ed|ing)?|differently
    different (?:rates?|results?|performance|error|accuracy|outcomes?)
    var(?:y|ies|ied) (?:by|with|between|across|according)
    depend(?:s|ed)? on (?:\w+(?:'s)? ){0,3}<attribute>|disadvantag\w+|favou?r(?:s|ed)?
    (?:effects?|impact|influence|bearing) (?:on|upon|in)
    (?:plays?|played) (?:\w+ )?(?:part|role)|factor (?:in|when)
    (?:under|over|mis)-?(?:recogni[sz]ed|identified|flagged|matched) (?:more|less)
    under-?recogni[sz]ed|over-?(?:flagged|policed|matched)|dissimilar|uneven(?:ly)?|lopsided
    inconsisten(?:t|tly) (?:across|for|between|with)|singles? out|penali[sz]es?
    (?:weighted|stacked|loaded) against|(?:bears?|bore|take|takes|took) the brunt
    (?:hit|affected) hardest|suffers? more|fares? worse
    (?:because|on the basis|on grounds) of (?:\w+ )?<attribute>
""",
    attribute=ATTRIBUTE,
)
"""Differences as qualities and deeds."""

COMPARED = any_of(r"""
    (?:more|less) (?:\w+ )?(?:likely|often|frequently|accurate(?:ly)?|reliabl[ey]|well|prone|
    ...vulnerable|at risk|susceptible|easily|readily|difficult)
    (?:more|fewer) (?:\w+ ){0,2}(?:false|errors?|mistakes|misidentif\w+|alerts?|wrong|matches)
    (?:harder|easier) (?:for|to|on)|worse|better
    (?:greater|lower|higher|larger|smaller|elevated)(?= (?:\w+ ){0,4}(?:rates?|risks?|chances?|
    ...likelihood|numbers?|probabilit\w+|error\w*|false|for|among|in|on|than))
    (?:more|less)(?= than (?:black|white|asian|m[ae]n|wom[ae]n|adults|other|any|the rest|boys|
    ...girls|older|younger|everyone))|\d+(?:\.\d+)? (?:%|times) (?:more|less|higher|lower|as)
    times (?:the|that)|half as (?:likely|often|many)|outnumber\w*|over-?represent\w+
    struggles? (?:more )?with|misses more|most (?:likely|often|at risk|affected)
    more (?:black|asian|white|women|men)
""")
"""Comparisons; they count only where a group is named."""

SAME = any_of(
    r"""
    unbiased|non-?discriminatory|(?:bias|discrimination)-free|equal(?:ly)?|equitabl[ey]
    fair(?:ly)?(?! to say)|alike|identical(?:ly)?|indistinguishable|comparable|neutral
    even-?handed(?:ly)?|impartial(?:ly)?|(?:colour|race|gender)-?blind
    (?:the|at a|at) (?:very |exactly |much |broadly )?same (?:for|whether|as|across|among|
    ...regardless|between|irrespective|(?:error |false alert |false positive |false |alert |
    ...identification |recognition )*(?:rates?|chances?|risks?|way|accuracy|probability|
    ...likelihood|performance|level|odds|footing))
    (?:treat\w*|recogni\w+|identif\w+|performs?|works?|served?) .{0,60}the same\b
    (?<!times )(?<!half )(?<!not )(?:just |no less |every bit |about |almost )?as (?:likely|
    ...often|well|accurate(?:ly)?|reliabl[ey]|good|easily|rare|common|frequent(?:ly)?|high|
    ...low)(?! as not)(?= .*\bas\b|\.|$)
    (?:regardless|irrespective|independent(?:ly)?) of (?:\w+,? ){0,4}<attribute>
    without regard to (?:\w+ ){0,3}<attribute>
    (?:consistent|uniform|constant|equivalen(?:t|ce))(?:ly)? (?:\w+ )?(?:across|for|between|
    ...among)|equivalent|similar(?:ly)?(?: \w+)? (?:for|across|between|among|in|whatever)
    (?:evenly|uniformly) (?:spread|distributed|shared)|in equal measure|no distinction between
    what(?:ever|soever) (?:your|their|his|her|the|one's|a person's|
    ...someone's) (?:\w+ ){0,2}<attribute>|makes? no (?:distinction|difference)|on a par|parity
    even across
""",
    attribute=ATTRIBUTE,
)
"""Likeness."""

GROUP = word(r"""
    black|white|asian\w*|wom[ae]n|m[ae]n|male|female|girls?|boys?|minorit\w+|ethnic\w*
    people of colour|young\w*|old(?:er)?|elderly|child\w*|teenagers?|adults|under \d+|over \d+
    disabled|muslims?|chinese|arab\w*|transgender|non-binary|groups?|everyone else|demographics?
""")
"""Whether any group of people is named."""

EMPTY = word(r"""
    can (?:confirm|assure|see|report|confidently say|now say|be confident)
    there (?:is|can be) (?:no|little) (?:doubt|question|denying)(?: that| but)?
    (?:no|without|beyond) (?:a )?(?:any )?(?:doubt|question)(?: that)?|no secret that|not only
    not just|not merely|no less than|needless to say|not surprisingly|nothing less than
    it is (?:only )?fair to say(?: that)?|differences? (?:of opinion|in views?)
    no longer a question|(?:nobody|no-?one) (?:should|need|can) be in (?:any )?doubt(?: that)?
    beyond dispute|all but(?= [a-z]+ed\b)|no matter|not to mention|no wonder
""")
"""Phrases with a negation or a like word that say nothing."""

STOP = re.compile(
    any_of(r"""
    [;:.!]|,? (?:but|although|though|whereas|while|however|because(?! of)|yet|except|unless)\b
    ,? and (?=(?:is|are|was|were|has|have|had|it|they|the|that|there|this|black|white|asian|
    ...women|men|does|did|do)\b)
    , (?=(?:which|who|so|black|white|asian|women|men|it|they|there)\b)
""")
)
"""Where a clause ends."""

NEGATION = word(r"""
    no|not|never|neither|nor|none|nobody|no-?one|without|cannot|hardly|lack(?:s|ed|ing)?|absence
    free (?:of|from)|devoid of|rid of|clear(?:ed)? of|zero|nil|myth|untrue|false(?= that| to)
    wrong(?= that| to)|incorrect(?= that| to| in)?|mistaken(?= that| to| in)|nonsense|lie
    misleading|den(?:y|ies|ied)|dismiss(?:es|ed)?|reject(?:s|ed)?|refut\w+|disprov\w+|debunk\w*
    fail(?:s|ed|ure|ing)? to|eliminat\w+|remov\w+|eradicat\w+|mitigat\w+|prevent\w*|avoid\w*
    rul(?:e|es|ed|ing) out|exclud\w+|nowhere|far from|anything but|no longer|unable to|overc\w+
    solv(?:es|ed)|nothing
""")
"""What turns a statement round that stands behind it."""

AFTER = re.compile(
    any_of(r"""
    ^[^.;:]{0,60}?\b(?:(?P<fled>disappear(?:s|ed)?|vanish(?:es|ed)?|ceases?|ceased|(?:goes|went|
    ...gone) away|no longer (?:exists?|occurs?|arises?|present|there|seen|found|applies|
    ...an issue|a problem))|(?:is|are|was|were|has been|have been|been|be|could be|can be|does|
    ...do|did) (?P<no>not|never) (?:\w+ ){0,2}?(?:found|shown|seen|detected|observed|
    ...significant|present|there|exist|established|demonstrated|prove[nd]|evident|identified|
    ...real|material|recorded|apparent|reported)|(?:has|have) (?P<gone>been |now been |
    ...all but been |been +)(?:eliminated|removed|eradicated|solved|fixed|mitigated|ruled out|
    ...excluded|designed out)|(?:is|are|was|were|remains?|has been|have been|falls?|fell|
    ...lies?) (?:now |well |all )?(?P<nil>absent|nil|zero|a myth|insignificant|non-?existent|
    ...eliminated|removed|negligible|ruled out|statistically insignificant|a thing of the past|
    ...untrue|nonsense|mitigated|trivial|marginal|minimal|tiny|debunked|disproved|refuted|
    ...within the margin of error|due to chance|too small to (?:matter|be|worry|have)))(?!\w)
""")
)
"""What turns a statement round that stands in front of it."""

OPEN = word(r"""
    (?:cannot|could not|can (?:no-?one|nobody)|impossible to|unable to|(?:nobody|
    ...no-?one) (?:can|could|knows?)|(?:do|does|did) not (?:know|rule|exclude)|not possible to|
    ...hard to|difficult to)(?: be| yet| therefore| simply| honestly| even)* ?(?:say|said|tell|
    ...told|know[ns]?|rule[d]?|exclude[d]?|claim(?:ed)?|conclude[d]?|(?:be )?sure|
    ...dismiss(?:ed)?|determine[d]?|establish(?:ed)?|assess(?:ed)?|confirm(?:ed)?|judge[d]?|
    ...test(?:ed)?|show)?|not (?:substantiated|supported|borne out|justified|backed)
    unsubstantiated|unsupported|unproven|unknown|untested|unclear|uncertain
    remains? (?:possible|open)
    (?:not|never|without) (?:\w+ ){0,3}(?:tested|assessed|evaluated|examined|checked|
    ...investigated|audited|measured)
    (?:too (?:small|few|little|weak)|insufficient|not enough|lack(?:s|ed|ing)? (?:the |
    ...sufficient |enough )*(?:statistical )?power|underpowered)
    (?:not|no) (?:mean|prove|proof|imply|follow|evidence|guarantee|demonstrate|establish)(?:s|
    ...d)?(?: of| that)? .{0,60}\b(?:no|not|without|absen\w+|free|unbiased|equal\w*|fair\w*|
    ...alike|none|same)|absence of evidence|whether
    (?:wrong|mistake\w*|premature|misleading|incorrect|rash|
    ...unsafe) to \w+ (?:that )?.{0,60}?\b(?:no|not|without|free|absent)
    (?:not|never) (?:to )?(?:say|state|claim|argue|imply|mean)(?:ing|s|ed)?(?: that)?
    (?:has|have) yet to|yet to be|remains to be|(?:not|never) bear (?:\w+ )?out|no basis
    (?:not|never|no-?one|nobody) (?:\w+ )?(?:been )?able to (?:show|say|prove|demonstrate)
""")
"""What leaves a statement open."""

TESTED = re.compile(
    any_of(r"""
    \b(?:test(?:ed|ing|s)?|assess(?:ed|ment)?|evaluat(?:ed|ion|e)|audit(?:ed)?|check(?:ed)?|
    ...measur(?:e|ed)|monitor(?:ed|ing)?|investigat\w+|review(?:ed)?|examin(?:ed|e)|concerns?|
    ...questions?|debate|fears?|worr\w+|risks?|potential|allegations?|
    ...issue) (?:\w+ ){0,3}?(?:for|of|about|over|on|into)?(?: \w+){0,3}? ?$
""")
)
"""A difference that is looked for, feared or asked about."""

CLAIMED = re.compile(
    any_of(r"""
    ^(?!.*\b(?:no|not|never|reject\w*|den(?:y|ies|ied)|dismiss\w*)\b.*\b(?:claim|conclusion|
    ...idea|assertion|suggestion)).*\b(?:conclusions?|claims?|assertions?|suggestions?|
    ...arguments?|idea|notion|denials?) (?:that|of)\b
""")
)
"""Somebody's claim or conclusion, which is itself what the sentence is about."""

MAYBE = word(r"""
    may|might|could|can|possib\w+|perhaps|potential(?:ly)?|suspect\w*|fears? that|if
""")
"""Possibility."""

SHOWN = any_of(r"""
    significan\w+|evidence|proof|find|found|finds|shows?|shown|showed|detect\w*|reveal\w*
    identify|see|seen|saw|observ\w+|demonstrat\w+|prove[nsd]?|establish\w*|apparent|recorded
    discernible|measurable|indicat\w+|suggest\w*|reported|persuaded|convinced|points? to
""")
"""To find or show."""

EVIDENTIAL = re.compile(
    any_of(
        r"""
    \b(?:no|not|never|nothing|without|neither|nor|cannot|nobody|no-?one|none|lack|absence|
    ...fail\w* to)(?:\W+\w+){0,6}?\W+<shown>(?!\w)
    \b(?:find|found|finds|shows?|shown|showed|detected|reveal(?:s|ed)|saw|observed|identified|
    ...report(?:s|ed)|recorded) (?:\w+ ){0,3}?(?:no|neither|zero|nothing|little)\b
    \binsignificant|margin of error|due to chance
    statistically (?:the same|alike|equal|similar|indistinguishable|equivalent|insignificant|
    ...comparable|identical)
""",
        shown=SHOWN,
    )
)
"""Nothing shown, which is not the same as nothing there."""

TURNING = word(r"""
    clos(?:e|es|ed|ing) the gap|narrow(?:s|ed|ing)|shr[aiu]nk\w*|fad(?:es|ed)|overturn\w*
    contradict\w*|disput\w+|doubt\w*|challeng\w+|unlikely|scarcely|barely|seldom|rarely|refus\w+
    overcame|cured?|ended|gone|allegedly|supposed(?:ly)?|so-called|alleged|pretend\w*
    exaggerat\w+|overstat\w+|understat\w+|baseless|groundless|unfounded|hoax|fiction
    discredit\w*|misconception|fallacy|anything but|opposite
    (?:not|never) (?:stand|hold) (?:up|water)|falls apart|contrary|conversely|rather than
    instead of|supposedly|least|minimi[sz]\w+|address(?:es|ed)|tackl\w+|reduc\w+|declin\w+
    disagree\w*|hardly
""")
"""Words that may turn a sentence round, in ways that are not read."""

RATE = re.compile(
    any_of(r"""
    \d+(?:\.\d+)?(?= %| times| cases| false)|(?<=1 in )\d+
""")
)
"""Figures that may stand against one another."""

NOTHING_SEEN = re.compile(
    any_of(r"""
    \b(?:because|since|as|given that)(?: \w+){0,3}? (?:no|zero|not a single) (?:\w+ )?(?:false|
    ...errors?|mistakes?|misidentif|wrong)
    ^(?:no|zero|not a single) (?:\w+ ){0,3}?(?:false|errors?|mistakes?|misidentif)[^;]*?(?:, so|
    ..., and so|, therefore|, which (?:means|shows|proves)|, hence)
""")
)
"""No error seen, given as the reason that there is no difference."""

HAS = re.compile(
    any_of(r"""
    \b(?:there (?:is|are|was|were|has been|have been|remains?)|has|have|had|having|is|are|was|
    ...were|show\w*|found|finds?|reveal\w*|lead\w*|led|caus\w+|confirm\w*|demonstrat\w+|
    ...contain\w*|introduc\w*|amplif\w*|entrench\w*|produc\w*|result\w* in|exhibit\w*|
    ...suffers? from|prone to|evidence of|prove[sdn]?|observ\w+|detect\w*|identif\w+|display\w*|
    ...with|reproduc\w+|perpetuat\w+|creat\w+|embed\w*|admit\w*|acknowledg\w+|report\w*|did|
    ...does|do)\b[^,;]{0,60}$
""")
)
"""Verbs in front of a noun that assert it."""

IS = re.compile(
    any_of(r"""
    ^[^;.,]{0,80}?\b(?:exist|persist|occur|emerge|arise|appear)(?:s|ed)?\b
    ^[^;.,]{0,80}?\b(?:is|are|was|were|has been|have been|remains?|became|becomes)(?: still
    ...| also| now| all| \w+ly)* (?:there|present|found|shown|seen|observed|detected|
    ...significant|clear|real|evident|large\w*|high\w*|proven|a (?:\w+ )?(?:fact|problem|
    ...reality|issue)|serious|stark|striking|documented|inherent|built|widespread|marked|
    ...obvious|undeniable|great\w*|not insignificant|statistically|wide\w*|substantial|worse|
    ...considerable|established|demonstrated|confirmed)\b
""")
)
"""Verbs behind a noun that assert it."""

NOT_BORNE_OUT = re.compile(
    any_of(r"""
    \b(?:evidence|facts?|data|reports?|results?|figures|stud(?:y|ies)|numbers) (?:\w+ )?(?:do|
    ...does|did|says?|shows?|tells?) (?:not|otherwise|another|a different)
    \bnot (?:supported|true|so|correct|borne|substantiated|backed)\b
""")
)
"""Later words that take back what was said."""

PREDICATE = re.compile(
    rf"\b(?:(?P<same>{SAME})|(?P<compared>{COMPARED})|(?P<adjective>{ADJECTIVE})|(?P<noun>{NOUN}))"
    r"(?!\w)"
)
"""Whatever speaks of a difference or of likeness."""
