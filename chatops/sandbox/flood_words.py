"""What customers write in the flood of that weekend, and what the five of us answer. The words are our own."""

from dataclasses import dataclass

from chatops.sandbox.crowd import MAIL

X, FACEBOOK = "x", "facebook"
TEAM_ANSWER = (
    "Yes: as far as our logs show, your password was not taken, and you need not change it. "
    "If you use it elsewhere too, a new one is never wrong."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who writes what, where. `is_below`: as an answer to our newest post there."""

    name: str
    handle: str
    place: str
    asks: str
    answer: str
    followers: int = 0
    is_below: bool = False

    @property
    def address(self) -> str:
        return f"{self.handle}@mail.example"


def _x(name: str, handle: str, asks: str, answer: str, *, followers: int = 120) -> Customer:
    return Customer(name=name, handle=handle, place=X, asks=f"@acme {asks}", answer=answer, followers=followers)


def _below(name: str, handle: str, asks: str, answer: str, *, followers: int = 90) -> Customer:
    """Answers our own post on X."""
    return Customer(name=name, handle=handle, place=X, asks=asks, answer=answer, followers=followers, is_below=True)


def _facebook(name: str, asks: str, answer: str) -> Customer:
    handle = name.lower().replace(" ", ".")
    return Customer(name=name, handle=handle, place=FACEBOOK, asks=asks, answer=answer, is_below=True)


def _mail(name: str, asks: str, answer: str) -> Customer:
    handle = name.lower().replace(" ", ".")
    return Customer(name=name, handle=handle, place=MAIL, asks=asks, answer=answer)


JOURNALIST = _x(
    "Petra Olsen",
    "petraolsen",
    "I am a journalist with the Harbour Courier. How many accounts were used, and since when have you known?",
    "We have known since this morning. How many, we do not know yet, and will not guess: the number will stand on "
    "our page as soon as it is sure.",
    followers=48_200,
)
JOKER = _x(
    "Theo Blum",
    "theoblum",
    "one more reason to go back to postcards. No need to answer, you have your hands full.",
    "",
    followers=310,
)
FIRST_WAVE = (
    JOURNALIST,
    JOKER,
    _x(
        "Nina Okafor",
        "ninaokafor",
        "why is there a diet pill advert on my bakery's page?? I did not post that!",
        "No, that was not you, and we are sorry: somebody broke in here and posted it. Please delete it; no more of "
        "them go out.",
        followers=2_140,
    ),
    _facebook(
        "Ralf Steiner",
        "My followers think I am selling rubbish now. This is embarrassing, fix it!",
        "You are right to be angry, Ralf, and we are sorry that it went out under your name. All posting is stopped.",
    ),
    _facebook(
        "Joy Mbeki",
        "Thank you for saying it straight and at once. Good luck to all of you.",
        "Thank you, Joy. That helps more than you think today.",
    ),
)
"""Within minutes of the first words."""

TURNCOAT = _facebook(
    "Colin Fry",
    "Cancel my account, you amateurs!",
    "",
)
SPREAD = _below(
    "Ines Duarte",
    "inesduarte",
    "so is everything I have planned for Monday lost now?",
    "Nothing is lost, Ines: what you have planned is kept, and goes out once posting is open again.",
    followers=5_600,
)
SECOND_WAVE = (
    TURNCOAT,
    SPREAD,
    _x("Omar Haddad", "omarhaddad", "is my password safe?", TEAM_ANSWER),
    _x("Lucy Tran", "lucytran", "hi, is my password still safe?", TEAM_ANSWER, followers=77),
    _below("Piet de Vries", "pietdv", "is my password safe? Thanks", TEAM_ANSWER),
    _x("Sofia Lund", "sofialund", "should I change my password, or is it safe?", TEAM_ANSWER),
    _facebook("Grace Kim", "Is my password safe with you?", f"Grace, {TEAM_ANSWER[0].lower()}{TEAM_ANSWER[1:]}"),
    _facebook("Amit Joshi", "Please tell me: is my password safe?", f"Hello Amit. {TEAM_ANSWER}"),
    _mail("Hilde Brandt", "Is my password safe?", f"Dear Hilde, {TEAM_ANSWER[0].lower()}{TEAM_ANSWER[1:]}"),
    _mail(
        "Carlos Mendes",
        "Did they get my credit card? I pay you every month with it.",
        "Dear Carlos, no: card numbers are kept at our payment company, which nobody broke into.",
    ),
    _mail(
        "Agnes Wolff",
        "I got your letter. I am 71 and do not know what a connected account is. Do I have to do something?",
        "Dear Agnes, you need not do anything today. If something strange stands on your page, delete it; and if you "
        "are unsure, send us a picture of it.",
    ),
    _mail(
        "Ben Archer",
        "We are a charity and our donors saw that spam. I need something I can forward to our board.",
        "Dear Ben, please forward our letter as it is: it says that we were broken into, and that you did nothing "
        "wrong. If your board wants to talk to one of us, we will call.",
    ),
    _mail(
        "Yuki Tanaka",
        "Thanks for the honest letter. Is there anything we can do to help?",
        "Dear Yuki, thank you. Tell whoever asks you that our page has the truth as we know it; that helps a lot.",
    ),
    _x(
        "Dmitri Volkov",
        "dvolkov",
        "how did they get in? We run the same stack as you.",
        "We do not know for sure yet, Dmitri, so I will not guess. The full account follows on our page.",
        followers=3_900,
    ),
    _x(
        "Maya Feld",
        "mayafeld",
        "deleted the spam, but it keeps coming back on my page!",
        "Nothing goes out through us any more, Maya. What you see may be an old copy: reload, and delete it once more.",
    ),
    _below(
        "Sam Whitlock",
        "samwhit",
        "are you seriously asking us to wait? I lose money every hour.",
        "I understand, Sam, and I am sorry. We open posting again only when it is safe, and you hear it here first.",
    ),
    _x(
        "Chloe Petit",
        "chloepetit",
        "hugs to your whole team, get some coffee",
        "Thank you, Chloe! The coffee is on. Hugs back from all of us.",
    ),
    _facebook(
        "Lars Nyman",
        "Do I need to remove your app from Facebook?",
        "You can leave it, Lars: it cannot post at the moment. We will say when to connect it anew.",
    ),
    _facebook(
        "Tessa Romero",
        "My boss wants to know whether private messages were read.",
        "We cannot read private messages, Tessa, so nobody could through us.",
    ),
    _facebook(
        "Gordon Hale",
        "Third outage this year. Why should I stay?",
        "Fair question, Gordon. Judge us by what we tell you this weekend, and by the full account after it.",
    ),
)
"""To the letter, on all sides; half of them ask the same."""

THIRD_WAVE = (
    _x("Abby Lang", "abbylang", "is my password safe now?", TEAM_ANSWER),
    _x(
        "Rui Costa",
        "ruicosta",
        "when can I post again? Big launch tonight.",
        "I cannot promise a time, Rui. If it has to go out tonight, please post it by hand; we are sorry.",
    ),
    _below(
        "Fiona Walsh",
        "fionawalsh",
        "I saw the spam on your own page too, is that gone?",
        "Yes, Fiona: it hit us as well, and is deleted.",
    ),
    _x(
        "Jonas Beck",
        "jonasbeck",
        "do I have to reconnect Twitter or does it come back by itself?",
        "You will have to reconnect once, Jonas. We will tell you here when it works.",
    ),
    _x(
        "Priya Nair",
        "priyanair",
        "best handled hack I have ever seen, honestly",
        "That means a lot today, Priya. Thank you!",
        followers=12_700,
    ),
    _x(
        "Walt Jensen",
        "waltjensen",
        "is the phone app affected as well?",
        "It uses the same keys, Walt, so its posts are stopped, too. The app itself is fine.",
    ),
    _below(
        "Elif Kaya",
        "elifkaya",
        "please tell me the client accounts I manage are okay",
        "Look at each once, Elif: what you did not write, delete. Nothing more can go out through us.",
    ),
    _facebook(
        "Martha Quinn",
        "You posted about weight loss on a funeral home's page. Do you understand what that does?",
        "Martha, we do, and there is no excuse. We are truly sorry. May I call you on Monday?",
    ),
    _facebook(
        "Dev Patel",
        "Will the posts I queued for today go out all at once later?",
        "No, Dev: what was missed waits for you, and you choose what still goes out.",
    ),
    _facebook(
        "Simone Adler",
        "Can you delete the spam for me? There are forty of them.",
        "We are taking down what we can reach, Simone. What is left tomorrow, please tell us.",
    ),
    _mail(
        "Peter Novak",
        "Your letter says not all are affected. How do I know whether I am?",
        "Dear Peter, look at your page between eleven and noon, California time: if nothing strange stands there, you "
        "are not.",
    ),
    _mail(
        "Rosa Marin",
        "I run a school's account. Parents are asking me. Is it safe to click what was posted?",
        "Dear Rosa, please do not click it, and tell the parents the same. Deleting it is enough.",
    ),
    _mail(
        "Ken Ito",
        "Do you tell the police?",
        "Dear Ken, yes: we have reported it, and we keep all traces for them.",
    ),
)
"""After the living page; the power is cut in the middle of answering these."""
SILENT = (JOKER, TURNCOAT)
"""Who gets no answer: one wants none, one has deleted the post before."""
