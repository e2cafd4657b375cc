"""What mail programs write by themselves, by language. Each entry is a pattern, matched without regard to case."""

from __future__ import annotations

from collections.abc import Sequence

#: Ends of the line above a quote: "On Monday Anna wrote".
WROTE = (
    *("wrote", "writes", "said"),
    *("schrieb.*", "schreef.*", "skrev.*"),
    *("a écrit", "écrit", "ha scritto"),
    *("escribió", "escribio", "escreveu"),
    *(r"написал(а|\(а\))?", "пишет", r"napisał(a|\(a\))?", "yazdı"),
    *("写道", "寫道", "写到", "編寫"),
    *("のメール", "さんが書きました", "は書きました", "님이 작성", "작성"),
)
#: How that line begins.
ON = ("on", "at", "am", "le", "el", "em", "il", "op", "den", "dnia", "w dniu", "в", "在", "于", "於")
#: Between two rules: the mail that is answered is below.
ORIGINAL = (
    *("original", r"original\s*(message|mail|email|e-mail)", "original message follows", "repl(ied|y) message"),
    *("ursprüngliche nachricht", "originalnachricht", "message d'origine", "message original"),
    *("mensaje original", "mensagem original", "messaggio originale", "исходное сообщение"),
    *("原始邮件", "原始郵件", "原邮件", "回复的原邮件", "回复邮件", "元のメッセージ", "원본 메시지", "원본 메일"),
)
FORWARDED = (
    *("forwarded message", "weitergeleitete nachricht", "message transféré", "mensaje reenviado"),
    *("mensagem encaminhada", "пересылаемое сообщение"),
    *("转发邮件信息", "转发的邮件", "轉寄郵件", "転送されたメッセージ", "전달된 메시지"),
)
APPLE_FORWARDED = {
    "Begin forwarded message:",
    "Anfang der weitergeleiteten Nachricht:",
    "Début du message réexpédié :",
    "Inicio del mensaje reenviado:",
    "以下是转发的邮件：",
}
#: The first line of a block of headers, and the further ones.
FROM = ("from", "von", "de", "da", "от", "发件人", "寄件者", "差出人", "보낸 사람")
HEADERS = (
    *("sent", "to", "subject", "date", "cc"),
    *("gesendet", "an", "betreff", "datum"),
    *("envoyé", "à", "objet"),
    *("enviado( el)?", "para", "asunto", "fecha", "enviada( em)?", "assunto", "data"),
    *("отправлено", "кому", "тема", "дата"),
    *("发送时间", "發送時間", "寄件日期", "日期", "收件人", "收件者", "主题", "主旨", "抄送"),
    *("送信日時", "日時", "宛先", "件名"),
    *("보낸 날짜", "받는 사람", "제목", "날짜"),
)
#: What phones and programs put below a mail.
SENT_FROM = (
    *("sent from (my|mail for|yahoo|outlook|proton|samsung|a) ?.*", "sent (via|with) .*", "get outlook for .*"),
    *(r"von meinem .* gesendet\.?", "gesendet (von|mit) .*", "outlook für .* beziehen", "verzonden vanaf .*"),
    *("envoyé de(puis)? (mon|ma|yahoo|outlook|mail) ?.*", "inviato da .*"),
    *("enviado desde (mi|outlook|yahoo|mail) ?.*", "enviado do (meu|outlook|yahoo|e-mail) ?.*"),
    *("отправлено (с|из) .*", "wysłane z .*"),
    *("[发發]自我的.*", "[从從]我的.*(发送|傳送)", "来自我的.*", "发自.*邮箱.*", ".*から送信", "(나의|내) .*에서 보냄"),
)
#: How subjects of vacation notices begin.
VACATION = (
    *("out of (the )?office", "auto(matic)?[- ]?(reply|response|responder)", "on vacation", "away from my mail"),
    *(
        "abwesenheits(notiz|meldung|nachricht)",
        "automatische antwort",
        "automatisch antwoord",
        "afwezigheid",
        "autosvar",
    ),
    *("réponse automatique", "absence du bureau", r"absent(e|\(e\))? du bureau"),
    *(
        "respuesta automática",
        "fuera de la oficina",
        "resposta automática",
        "ausência temporária",
        "fora do escritório",
    ),
    *("risposta automatica", "odpowiedź automatyczna", "otomatik yanıt"),
    *("автоматический ответ", "автоответ", "нет на месте"),
    *("自动回复", "自動回覆", "自动答复", "自動返信", "自動応答", "不在通知", "자동 ?회신", "자동 ?응답", "부재중"),
)
#: In the subject of a bounce without a report.
FAILED = (
    *("undeliver(able|ed)", "mail delivery (failed|failure|system)", "delivery status notification", "returned mail"),
    *(
        "delivery (has )?failed",
        "failure notice",
        "unzustellbar",
        "nicht zustellbar",
        "no se puede entregar",
        "non remis",
    ),
    *("недоставлен", "退信", "無法傳遞", "配信不能", "배달되지"),
)

#: In the subject of one that says the server still tries.
PUT_OFF = (
    "delay",
    "warning",
    "still being retried",
    "verzögert",
    "retard",
    "demora",
    "задерж",
    "延迟",
    "延遲",
    "遅延",
    "지연",
)


def any_of(patterns: Sequence[str]) -> str:
    """A pattern for any of them."""
    return "|".join(f"(?:{pattern})" for pattern in patterns)
