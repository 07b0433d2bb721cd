"""What to do about each kind of Bitrix24 error, in both languages. ``{method}`` and ``{status}`` are filled."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.speech import Text

HINTS: Mapping[str, Text] = MappingProxyType(
    {
        "query_limit": Text(
            "Too many requests from this address; everything waits a moment. If it repeats, another program shares "
            "the limit: lower portals.<name>.budget.",
            "Слишком много запросов с этого адреса; всё ждёт несколько секунд. Если повторяется, лимит делит с нами "
            "другая программа: уменьшите portals.<имя>.budget.",
        ),
        "operating": Text(
            "The method {method} used up its operating time for ten minutes; only this method waits, nothing to do.",
            "Метод {method} исчерпал время выполнения за десять минут; ждёт только он, делать ничего не нужно.",
        ),
        "server": Text(
            "Bitrix24 answered with an internal error; it is tried again after a look at what already took place.",
            "Битрикс24 ответил внутренней ошибкой; повтор после проверки, что уже выполнено.",
        ),
        "auth_server": Text(
            "The authorization server is away for the moment; it is tried again by itself.",
            "Сервер авторизации временно недоступен; попытка повторится сама.",
        ),
        "opaque": Text(
            "The portal answered HTTP {status} without REST data; it is tried again after a look at what took place. "
            "If it lasts, look at the state of the portal.",
            "Портал ответил HTTP {status} без данных REST; повтор после проверки, что уже выполнено. "
            "Если не проходит, проверьте состояние портала.",
        ),
        "not_rest": Text(
            "HTTP {status} and no REST there: a firewall or another site answers. Check portals.<name>.url and that "
            "/rest/ is open for this machine.",
            "HTTP {status}, и это не REST: отвечает межсетевой экран или другой сайт. Проверьте portals.<имя>.url и "
            "что /rest/ открыт для этой машины.",
        ),
        "too_large": Text(
            "The request is larger than the portal takes; send smaller files or fewer rows at once.",
            "Запрос больше, чем принимает портал; отправляйте файлы меньше или меньше строк за раз.",
        ),
        "overload": Text(
            "Bitrix24 blocked REST for overload. This is a block, not a limit: write to Bitrix24 support, nothing is "
            "sent until it is lifted.",
            "Битрикс24 заблокировал REST из-за перегрузки. Это блокировка, а не лимит: напишите в поддержку "
            "Битрикс24, до снятия ничего не отправляется.",
        ),
        "license": Text(
            "The licence check of the portal failed; the portal's administrator must settle the licence.",
            "Проверка лицензии портала не прошла; администратору портала нужно уладить лицензию.",
        ),
        "unpaid": Text(
            "REST needs a paid plan or a Market subscription; renew it in Bitrix24, work resumes by itself.",
            "Для REST нужен коммерческий тариф или подписка на Маркет; продлите в Битрикс24, работа возобновится сама.",
        ),
        "reauth": Text(
            "The authorization is no longer valid; an administrator must open the application in Bitrix24 once.",
            "Авторизация больше не действует; администратору нужно один раз открыть приложение в Битрикс24.",
        ),
        "client": Text(
            "client_id or client_secret is not the application's; copy both from its card in Bitrix24 into "
            "connector.yaml.",
            "client_id или client_secret не от этого приложения; скопируйте оба из его карточки в Битрикс24 в "
            "connector.yaml.",
        ),
        "webhook_revoked": Text(
            "The webhook was revoked or changed; make a new one in Bitrix24 and put it into portals.<name>.webhook.",
            "Вебхук отозван или изменён; создайте новый в Битрикс24 и укажите его в portals.<имя>.webhook.",
        ),
        "install": Text(
            "The application is not installed on the portal; install it in Bitrix24 and open it once.",
            "Приложение не установлено на портале; установите его в Битрикс24 и откройте один раз.",
        ),
        "gone": Text(
            "The portal cannot be reached: it is closed or deleted, or the network, DNS or TLS is at fault; check that "
            "it opens in a browser on this machine. It is tried again once a minute.",
            "До портала не достучаться: он закрыт или удалён, либо дело в сети, DNS или TLS; проверьте, открывается ли "
            "он в браузере на этой машине. Попытка повторяется раз в минуту.",
        ),
        "moved": Text(
            "The portal redirects to an address that is not its own new one; if it was renamed, correct "
            "portals.<name>.url (or webhook) in connector.yaml.",
            "Портал перенаправляет на адрес, который не является его новым адресом; если портал переименован, "
            "исправьте portals.<имя>.url (или webhook) в connector.yaml.",
        ),
        "rights": Text(
            "The user of this authorization may not do that; give the rights in Bitrix24 or open the application as "
            "an administrator.",
            "У пользователя этой авторизации нет прав; выдайте права в Битрикс24 или откройте приложение под "
            "администратором.",
        ),
        "scope": Text(
            "The application lacks a permission for {method}; add it in the application's card and reinstall.",
            "Приложению не хватает разрешения для {method}; добавьте его в карточке приложения и переустановите.",
        ),
        "needs_app": Text(
            "{method} works for an OAuth application only, not for a webhook; add portals.<name>.app (client_id, "
            "client_secret) to connector.yaml.",
            "{method} доступен только OAuth-приложению, не вебхуку; добавьте portals.<имя>.app (client_id, "
            "client_secret) в connector.yaml.",
        ),
        "plan": Text(
            "The portal's plan has no such feature; switch the feature off here or change the plan.",
            "В тарифе портала нет такой возможности; отключите её здесь или смените тариф.",
        ),
        "confirm": Text(
            "An administrator must confirm {method} in Bitrix24 (see its notifications); confirm and try again within "
            "the hour: the consent ends with the access token.",
            "Администратор должен подтвердить {method} в Битрикс24 (смотрите уведомления); подтвердите и попробуйте "
            "снова в течение часа: согласие действует, пока жив токен доступа.",
        ),
        "confirm_denied": Text(
            "An administrator declined {method} in Bitrix24; agree with them, then try again: they are asked anew.",
            "Администратор отклонил {method} в Битрикс24; договоритесь и попробуйте снова: его опять спросят.",
        ),
        "method": Text(
            "The portal has no method {method}: its version or plan lacks it, or the name is wrong.",
            "На портале нет метода {method}: его нет в версии или тарифе, либо неверно имя.",
        ),
        "event": Text(
            "The portal has no such event: its version lacks it, or the application lacks the permission; without it "
            "the rest goes on.",
            "На портале нет такого события: его нет в версии, или приложению не хватает разрешения; остальное работает "
            "и без него.",
        ),
        "handler_url": Text(
            "Bitrix24 does not take this handler address: CONNECTOR_PUBLIC_URL must be https with a public host name.",
            "Битрикс24 не принимает этот адрес обработчика: CONNECTOR_PUBLIC_URL должен быть https с публичным именем.",
        ),
        "https": Text(
            "The request was refused as malformed or not https; check that portals.<name>.url begins with https.",
            "Запрос отклонён как неверный или не https; проверьте, что portals.<имя>.url начинается с https.",
        ),
        "encoding": Text(
            "A record in the answer is not valid UTF-8; narrow the selection to find and correct it in Bitrix24.",
            "Запись в ответе не является UTF-8; сузьте выборку, найдите и исправьте её в Битрикс24.",
        ),
        "line": Text(
            "The connector is not switched on for this open line; open Contact Center in Bitrix24, connect the line, "
            "then replay.",
            "Коннектор не включён для этой открытой линии; откройте Контакт-центр в Битрикс24, подключите линию и "
            "запустите повтор.",
        ),
        "connector": Text(
            "The portal does not know this connector; run `connector portal rebind`, then replay.",
            "Портал не знает этот коннектор; выполните `connector portal rebind` и запустите повтор.",
        ),
        "argument": Text(
            "Bitrix24 did not accept a value; read its words, correct the mapping or the data, then try it again.",
            "Битрикс24 не принял значение; прочтите его ответ, исправьте правило или данные и попробуйте снова.",
        ),
        "not_found": Text(
            "The object is no longer in Bitrix24; discard, or restore it and try again.",
            "Объекта больше нет в Битрикс24; откажитесь от него или восстановите его и попробуйте снова.",
        ),
        "call_not_found": Text(
            "Bitrix24 does not know this call any more: it is finished already, or older than thirty days. Look into "
            "the call list; if it is there, discard.",
            "Битрикс24 больше не знает этого звонка: он уже завершён или старше тридцати дней. Посмотрите список "
            "звонков; если он там есть, отбросьте.",
        ),
        "call_not_finished": Text(
            "The call is not finished in Bitrix24 yet; it is tried again by itself.",
            "Звонок в Битрикс24 ещё не завершён; попытка повторится сама.",
        ),
        "call_user": Text(
            "Bitrix24 has no active user for this call: give the employee an extension in their profile, name them in "
            "the mapping table `extensions`, or set `responsible` of the line or of the account, then replay.",
            "В Битрикс24 нет активного пользователя для звонка: укажите внутренний номер в профиле сотрудника, впишите "
            "его в таблицу `extensions` правил или задайте `responsible` линии или аккаунта, затем повторите.",
        ),
        "call_number": Text(
            "Bitrix24 does not take this as a telephone number; look at what the PBX sends as the client's number.",
            "Битрикс24 не считает это телефонным номером; проверьте, что АТС передаёт как номер клиента.",
        ),
        "call_file": Text(
            "Bitrix24 did not take the recording: it wants wav or mp3 with such a name. Set the format on the PBX to "
            "one of them, attach this one by hand, or discard.",
            "Битрикс24 не принял запись: нужен wav или mp3 с таким же расширением. Задайте формат на АТС, эту "
            "запись прикрепите вручную или отбросьте.",
        ),
        "line_exists": Text(
            "Bitrix24 has this line already; nothing to do.",
            "Такая линия в Битрикс24 уже есть; делать ничего не нужно.",
        ),
        "line_unknown": Text(
            "Bitrix24 has no such external line; run `connector portal rebind`, then replay.",
            "В Битрикс24 нет такой внешней линии; выполните `connector portal rebind` и повторите.",
        ),
        "busy": Text(
            "The portal is busy with talk; this goes as soon as there is room, by itself.",
            "Портал занят разговорами; это уйдёт само, как только появится место.",
        ),
        "no_upload_url": Text(
            "The portal did not say where a file is to be posted: an older version. Update its telephony module, then "
            "replay, or attach the recording by hand.",
            "Портал не сообщил, куда отправить файл: это старая версия. Обновите модуль телефонии и повторите или "
            "прикрепите запись вручную.",
        ),
        "upload_elsewhere": Text(
            "The portal wants the file at another host than its own, so it was not sent. Correct the portal's own "
            "address (Bitrix24 settings, or portals.<name>.url), then replay.",
            "Портал просит отправить файл на чужой адрес, поэтому он не отправлен. Исправьте адрес портала (в "
            "настройках Битрикс24 или portals.<имя>.url) и повторите.",
        ),
        "bound": Text(
            "This handler is bound already; nothing to do.", "Этот обработчик уже привязан; делать ничего не нужно."
        ),
        "quota": Text(
            "The portal's disk is full; free some space in Bitrix24, work resumes by itself.",
            "Диск портала заполнен; освободите место в Битрикс24, работа возобновится сама.",
        ),
        "business": Text(
            "Bitrix24 refused {method}; read its words, correct the cause, then try it again.",
            "Битрикс24 отклонил {method}; прочтите его ответ, устраните причину и попробуйте снова.",
        ),
    }
)
