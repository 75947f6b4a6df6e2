"""Pages in several languages that the charset tests write in their charsets."""

import pytest

ENGLISH = (
    "The ferry leaves the harbour at seven in the morning and is back before dusk. On “quiet” days the captain lets the children steer; "
    "it’s a long way to the islands – two hours, and the café on board has only tea. “Never again,” said the naïve passenger – he’s back every summer."
)
CHINESE = "渡轮每天早上七点离开港口，黄昏以前回来。天气好的时候，船长让孩子们掌舵。去岛上的路很远，要走两个小时，船上的小店只卖茶和面包。我们在岛上住了三天，看见了很多鸟。"
CHINESE_TRADITIONAL = "渡輪每天早上七點離開港口，黃昏以前回來。天氣好的時候，船長讓孩子們掌舵。去島上的路很遠，要走兩個小時，船上的小店只賣茶和麵包。我們在島上住了三天，看見了很多鳥。"
JAPANESE = "フェリーは毎朝七時に港を出て、日が暮れる前に戻ってきます。天気のいい日には、船長が子どもたちに舵を取らせてくれます。島までは二時間かかり、船の売店にはお茶とパンしかありません。"
KOREAN = "배는 매일 아침 일곱 시에 항구를 떠나 해가 지기 전에 돌아옵니다. 날씨가 좋은 날에는 선장이 아이들에게 키를 잡게 해 줍니다. 섬까지는 두 시간이 걸리고 배 안의 가게에는 차와 빵만 있습니다."
RUSSIAN = (
    "Паром уходит из гавани в семь часов утра и возвращается до заката. В тихую погоду капитан даёт детям постоять у штурвала. "
    "До островов два часа пути, а в буфете на борту бывает только чай и хлеб."
)
GREEK = "Το πλοίο φεύγει από το λιμάνι στις επτά το πρωί και γυρίζει πριν νυχτώσει. Όταν ο καιρός είναι καλός, ο καπετάνιος αφήνει τα παιδιά να κρατήσουν το τιμόνι."
HEBREW = "המעבורת יוצאת מהנמל בשבע בבוקר וחוזרת לפני רדת החשכה. בימים שקטים הקברניט נותן לילדים לאחוז בהגה. הדרך אל האיים ארוכה, שעתיים, ובמזנון יש רק תה ולחם."
ARABIC = "تغادر العبارة الميناء في الساعة السابعة صباحا وتعود قبل الغروب. في الأيام الهادئة يسمح القبطان للأطفال بأن يمسكوا الدفة. الطريق إلى الجزر طويل."
THAI = "เรือออกจากท่าทุกวันตอนเจ็ดโมงเช้าและกลับมาก่อนค่ำ วันที่อากาศดีกัปตันให้เด็กถือพวงมาลัย ทางไปเกาะไกลมากต้องใช้เวลาสองชั่วโมง"
CZECH = "Přívoz vyplouvá každé ráno v sedm hodin a vrací se před soumrakem. Když je klid, kapitán nechá děti držet kormidlo. Na ostrovy je to daleko, dvě hodiny, a v bufetu mají jen čaj a žitný chléb."
FRENCH = "Le bac quitte le port à sept heures du matin et rentre avant la tombée de la nuit. Les jours où la mer est calme, le capitaine laisse les élèves tenir la barre. C’est loin : deux heures, et le café est fermé l’été."
TURKISH = "Vapur her sabah yedide limandan ayrılır ve güneş batmadan döner. Hava güzel olduğunda kaptan çocuklara dümeni tutturur. Adalara iki saatlik yol var, büfede yalnız çay ve ekmek bulunuyor."

CASES = [
    ("utf-8", CHINESE),
    ("utf-8", RUSSIAN),
    ("gb2312", CHINESE),
    ("gbk", CHINESE),
    ("gb18030", CHINESE + "𠮷"),
    ("big5", CHINESE_TRADITIONAL),
    ("shift_jis", JAPANESE),
    ("euc-jp", JAPANESE),
    ("iso-2022-jp", JAPANESE),
    ("euc-kr", KOREAN),
    ("koi8-r", RUSSIAN),
    ("windows-1251", RUSSIAN),
    ("iso-8859-5", RUSSIAN),
    ("ibm866", RUSSIAN),
    ("iso-8859-7", GREEK),
    ("windows-1255", HEBREW),
    ("windows-1256", ARABIC),
    ("tis-620", THAI),
    ("windows-1250", CZECH),
    ("iso-8859-2", CZECH),
    ("windows-1252", FRENCH),
    ("windows-1254", TURKISH),
    ("windows-1252", ENGLISH),
]


@pytest.fixture(params=CASES, ids=[f"{charset}-{text[:6]}" for charset, text in CASES])
def written(request) -> tuple[str, str]:
    """A charset, and a text that somebody may have written in it."""
    return request.param
