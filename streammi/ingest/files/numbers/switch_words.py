"""Words for 0 and 1, as programs and spreadsheets of many countries write them."""

from typing import Final

SWITCHES: Final = (  # 0 and 1, in small letters
    "off on", "false true", "no yes", "closed open", "low high", "n y", "f t", "inactive active", "disabled enabled",
    "stopped running", "stop run", "stop start", "down up", "ok alarm", "normal alarm", "unoccupied occupied",
    "aus ein", "nein ja", "falsch wahr", "n j", "zu auf", "geschlossen offen",
    "non oui", "faux vrai", "arrêt marche", "fermé ouvert", "no si", "no sí", "falso vero", "falso verdadero",
    "falso verdadeiro", "não sim", "desligado ligado", "apagado encendido", "spento acceso",
    "onwaar waar", "nee ja", "uit aan", "falskt sant", "nej ja", "av på", "från till", "falsk sand", "fra til",
    "usann sann", "nei ja", "epätosi tosi", "ei kyllä", "pois päällä", "fałsz prawda", "nie tak", "wył zał",
    "nepravda pravda", "ne ano", "nie áno", "wył wł", "isključeno uključeno", "ne da",
    "vyp zap", "hamis igaz", "nem igen", "ki be", "yanlış doğru", "yanliş doğru",
    "hayır evet", "hayir evet", "kapalı açık", "kapali açik",
    "нет да", "ложь истина", "выкл вкл", "откл вкл", "ні так", "ψευδής αληθής", "όχι ναι",
    "オフ オン", "偽 真", "いいえ はい", "关 开", "關 開", "否 是", "假 真", "꺼짐 켜짐", "아니오 예", "거짓 참",
)  # fmt: skip
SWITCH_SAID: Final = "words for 0 and 1"  # of a column that has them
SWITCHED: Final = {word: float(k) for pair in SWITCHES for k, word in enumerate(pair.split())}
