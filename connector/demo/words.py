"""What the demo page says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.speech import Text

Words = Mapping[str, Text]

WORDS: Words = MappingProxyType(
    {
        "title": Text("Bitrix24 connector: live demo", "Коннектор к Битрикс24: живая демонстрация"),
        "brand": Text("Bitrix24 connector", "Коннектор к Битрикс24"),
        "live": Text("live demo", "живая демонстрация"),
        "noscript": Text("This page needs JavaScript.", "Этой странице нужен JavaScript."),
        "skip": Text("To the panes", "К экранам"),
        "customer": Text("Customer", "Клиент"),
        "console": Text("Console", "Консоль"),
        "desk": Text("Operator in Bitrix24", "Оператор в Битрикс24"),
        "operator": Text("Operator", "Оператор"),
        "customer_about": Text("what your customer sees", "что видит ваш клиент"),
        "console_about": Text("what your engineer sees", "что видит ваш инженер"),
        "desk_about": Text("what your operator sees", "что видит ваш оператор"),
        "shop": Text("Chat on the site", "Чат на сайте"),
        "site": Text("Site", "Сайт"),
        "phone": Text("Telegram", "Telegram"),
        "mail": Text("Mail", "Почта"),
        "call": Text("Phone", "Телефон"),
        "warehouse": Text("Warehouse", "Склад"),
        "warehouse_about": Text("what your warehouse drops", "что выгружает ваш склад"),
        "warehouse_file": Text("The file that the warehouse drops", "Файл, который выгружает склад"),
        "warehouse_hint": Text(
            "Change a status (new, packed, sent, delivered, lost), break a date, take a row out, add one.",
            "Смените статус (new, packed, sent, delivered, lost), испортите дату, удалите строку, добавьте новую.",
        ),
        "warehouse_try": Text("What would happen", "Что будет"),
        "warehouse_run": Text("Save and run", "Сохранить и запустить"),
        "warehouse_rows": Text("In Bitrix24", "В Битрикс24"),
        "warehouse_none": Text("No run yet.", "Запусков ещё не было."),
        "warehouse_next": Text(
            "Now write as the customer by mail, or call: the operator sees these shipments, the customer does not.",
            "Теперь напишите как клиент по почте или позвоните: оператор увидит эти отгрузки, а клиент — нет.",
        ),
        "warehouse_away": Text("The demo does not answer. Try once more.", "Демонстрация не отвечает. Повторите."),
        "call_company": Text("Acme shop", "Магазин «Акме»"),
        "call_begin": Text("Call the company", "Позвонить в компанию"),
        "call_end": Text("Hang up", "Повесить трубку"),
        "call_decline": Text("Decline", "Отклонить"),
        "call_lift": Text("Answer", "Ответить"),
        "call_as": Text("Answer as {name}", "Ответить за: {name}"),
        "call_office": Text("It rings at both operators", "Звонит у обоих операторов"),
        "call_idle": Text("Your telephone: +7 916 123-45-67", "Ваш телефон: +7 916 123-45-67"),
        "call_calling": Text("Calling…", "Вызов…"),
        "call_called": Text("The company is calling: {name}", "Вам звонит компания: {name}"),
        "call_talking": Text("Talking with {name}", "Разговор: {name}"),
        "call_over": Text("The call is over", "Звонок завершён"),
        "call_idle_about": Text(
            "It rings at both operators: see the cards at the desk on the right.",
            "Зазвонит у обоих операторов: карточки появятся справа, у оператора.",
        ),
        "call_calling_about": Text(
            "Answer as one of them below, or hang up: a missed call is not forgotten.",
            "Ответьте за одного из них или повесьте трубку: пропущенный звонок не забудут.",
        ),
        "call_called_about": Text(
            "Somebody clicked your number at the desk.", "Кто-то нажал ваш номер на месте оператора."
        ),
        "call_talking_about": Text(
            "The card is left with whoever answered. The talk is being recorded.",
            "Карточка осталась у того, кто ответил. Разговор записывается.",
        ),
        "call_over_about": Text(
            "In a few seconds the talk and its recording are under Calls at the desk. Click the number there, and the "
            "company calls you.",
            "Через несколько секунд разговор и запись будут у оператора во вкладке «Звонки». Нажмите там номер — и "
            "компания позвонит вам.",
        ),
        "call_vain_about": Text(
            "Nobody talked. In a few seconds the call is under Calls at the desk: click the number there, and the "
            "company calls you back.",
            "Разговора не было. Через несколько секунд звонок будет у оператора во вкладке «Звонки»: нажмите там номер "
            "— и компания вам перезвонит.",
        ),
        "panes": Text("Panes", "Экраны"),
        "channels": Text("How the customer gets in touch", "Откуда обращается клиент"),
        "overview": Text("Overview", "Обзор"),
        "last": Text("Last request", "Последний запрос"),
        "no_last": Text("No request yet: write as the customer.", "Запросов ещё не было: напишите как клиент."),
        "ms": Text("ms", "мс"),
        "s": Text("s", "с"),
        "to_bitrix": Text("to Bitrix24", "в Битрикс24"),
        "to_customer": Text("to the customer", "клиенту"),
        "state_done": Text("delivered", "доставлено"),
        "state_waiting": Text("waiting", "ждёт"),
        "state_parked": Text("parked", "отложено"),
        "state_discarded": Text("given up", "отброшено"),
        "next_try": Text("next try in {seconds} s", "следующая попытка через {seconds} с"),
        "trouble": Text("Make trouble", "Устройте неприятности"),
        "down": Text("Portal down", "Портал упал"),
        "up": Text("Bring the portal back", "Вернуть портал"),
        "storm": Text("429 storm", "Шторм 429"),
        "kill": Text("Kill a worker", "Убить worker"),
        "down_about": Text("Bitrix24 answers 503", "Битрикс24 отвечает 503"),
        "up_about": Text("what waits will leave in order", "накопленное уйдёт по порядку"),
        "storm_about": Text("12 s of refusals only", "12 с сплошных отказов"),
        "kill_about": Text("SIGKILL in mid-work", "SIGKILL посреди работы"),
        "watch": Text(
            "Press one and watch the figures: whatever happens, “doubled” and “lost” stay 0.",
            "Нажмите и следите за цифрами: что бы ни случилось, «задвоено» и «потеряно» останутся 0.",
        ),
        "score": Text("Customers' messages", "Сообщения клиентов"),
        "sent": Text("sent", "отправлено"),
        "delivered": Text("delivered", "доставлено"),
        "waiting": Text("waiting", "ждут"),
        "parked": Text("parked", "отложено"),
        "doubled": Text("doubled", "задвоено"),
        "lost": Text("lost", "потеряно"),
        "away": Text(
            "The demo has stopped. Start it again: make demo", "Демонстрация остановлена. Запустите снова: make demo"
        ),
        "tour": Text("Tour", "Тур"),
        "tour_show": Text("Show the tour", "Показать тур"),
        "tour_hide": Text("Hide the tour", "Скрыть тур"),
        "step_of": Text("Step {number} of {count}", "Шаг {number} из {count}"),
        "step_done": Text("done", "сделано"),
    }
)

# The steps of the tour: what to do, and how.
STEPS: Mapping[str, tuple[Text, Text]] = MappingProxyType(
    {
        "write": (
            Text("Write as the customer", "Напишите как клиент"),
            Text("In the chat on the site, in Telegram or by mail.", "В чате на сайте, в Telegram или по почте."),
        ),
        "desk": (
            Text("See it at the operator's desk", "Найдите сообщение у оператора"),
            Text("Open the new chat among the operator's.", "Откройте новый чат в списке оператора."),
        ),
        "file": (
            Text("Answer with a file", "Ответьте с файлом"),
            Text(
                "At the desk: attach any file and send. It arrives at the customer, and ✓✓ says so.",
                "У оператора: приложите любой файл и отправьте. Файл появится у клиента, а ✓✓ подтвердит доставку.",
            ),
        ),
        "story": (
            Text("Read the whole story", "Посмотрите весь путь"),
            Text(
                "Press “Last request” above the console: every step with its time, nothing to guess.",
                "Нажмите «Последний запрос» над консолью: каждый шаг со временем, гадать не придётся.",
            ),
        ),
        "call": (
            Text("Call the company", "Позвоните в компанию"),
            Text(
                "“Phone” of the customer: call, answer as an operator, hang up. The talk and its recording are "
                "under “Calls” at the desk.",
                "«Телефон» клиента: позвоните, ответьте за оператора, повесьте трубку. Разговор и запись — у "
                "оператора в «Звонках».",
            ),
        ),
        "stock": (
            Text("Bring the warehouse in", "Подключите склад"),
            Text(
                "“Warehouse” beside the customer: see what would happen, then save and run. A letter of the customer "
                "then shows the operator their shipments.",
                "«Склад» рядом с каналами клиента: посмотрите, что будет, и запустите. Теперь с письмом клиента "
                "оператор увидит его отгрузки.",
            ),
        ),
        "down": (
            Text("Switch Bitrix24 off and write twice", "Отключите Битрикс24 и напишите дважды"),
            Text(
                "Press “Portal down”, then write two messages as the customer.",
                "Нажмите «Портал упал» и отправьте два сообщения как клиент.",
            ),
        ),
        "back": (
            Text("Bring it back", "Верните портал"),
            Text(
                "Press the same button again: both messages arrive once and in order.",
                "Нажмите ту же кнопку: оба сообщения придут по одному разу и по порядку.",
            ),
        ),
        "next": (
            Text("Now with your own Bitrix24", "Теперь со своим Битрикс24"),
            Text(
                "Run `connector init`: it asks for portal and channel and checks each step. More in README.md.",
                "Выполните `connector init`: он спросит портал и канал и проверит каждый шаг. Подробнее: README.ru.md.",
            ),
        ),
    }
)

PHONE: Words = MappingProxyType(
    {
        "title": Text("A customer's Telegram", "Telegram клиента"),
        "bot": Text("Acme shop", "Магазин «Акме»"),
        "kind": Text("bot", "бот"),
        "chat": Text("The chat", "Переписка"),
        "empty": Text("Write something or tap a ready phrase.", "Напишите что-нибудь или выберите готовую фразу."),
        "text": Text("Message", "Сообщение"),
        "send": Text("Send", "Отправить"),
        "attach": Text("Attach a file", "Приложить файл"),
        "edit": Text("Edit", "Изменить"),
        "edited": Text("edited", "изменено"),
        "editing": Text("Changing your message", "Правка сообщения"),
        "cancel": Text("Cancel", "Отмена"),
        "unreached": Text(
            "The connector does not answer. Telegram would try again by itself; press Send once more.",
            "Коннектор не отвечает. Telegram повторил бы сам, а здесь нажмите «Отправить» ещё раз.",
        ),
        "too_big": Text("Files up to 8 MB here.", "Здесь файлы до 8 МБ."),
        "noscript": Text("The telephone needs JavaScript.", "Телефону нужен JavaScript."),
    }
)

MAIL: Words = MappingProxyType(
    {
        "title": Text("A customer's mail program", "Почтовая программа клиента"),
        "brand": Text("Mail", "Почта"),
        "letters": Text("Letters", "Письма"),
        "empty": Text("Write to the shop: a letter is ready below.", "Напишите в магазин: готовое письмо ждёт ниже."),
        "to": Text("To", "Кому"),
        "subject": Text("Subject", "Тема"),
        "text": Text("Letter", "Письмо"),
        "first_subject": Text("Order 17", "Заказ 17"),
        "first_text": Text("Hello! When will you send my order?", "Здравствуйте! Когда вы отправите мой заказ?"),
        "attach": Text("Attach", "Приложить"),
        "detach": Text("Remove {name}", "Убрать {name}"),
        "send": Text("Send", "Отправить"),
        "you": Text("You", "Вы"),
        "answer": Text("Reply", "Ответить"),
        "answering": Text("A reply to “{subject}”", "Ответ на «{subject}»"),
        "cancel": Text("Write a new one", "Написать новое"),
        "headers": Text("Headers", "Заголовки"),
        "unreached": Text(
            "The demo does not answer. Is it still running? Then press Send once more.",
            "Демонстрация не отвечает. Если она запущена, нажмите «Отправить» ещё раз.",
        ),
        "too_big": Text("Files up to 8 MB here.", "Здесь файлы до 8 МБ."),
        "noscript": Text("The mail program needs JavaScript.", "Почтовой программе нужен JavaScript."),
    }
)

PHRASES: tuple[Text, ...] = (
    Text("Hello! Where is my order?", "Здравствуйте! Где мой заказ?"),
    Text("The box arrived damaged", "Коробка пришла помятой"),
    Text("Can I return it?", "Можно вернуть?"),
)

SHOP: Words = MappingProxyType(
    {
        "title": Text("Acme: tea and cups", "Акме: чай и чашки"),
        "brand": Text("Acme", "Акме"),
        "about": Text("A pretend shop with a chat on its site", "Вымышленный магазин с чатом на сайте"),
        "lead": Text("Tea that is worth a break", "Чай, ради которого стоит прерваться"),
        "ask": Text("Questions? Press the button in the corner.", "Есть вопросы? Нажмите кнопку в углу."),
        "green": Text("Green tea, 100\u00a0g", "Зелёный чай, 100\u00a0г"),
        "green_price": Text("€ 7.50", "750 ₽"),
        "cup": Text("Porcelain cup", "Фарфоровая чашка"),
        "cup_price": Text("€ 12", "1 200 ₽"),
        "pot": Text("Glass teapot", "Стеклянный чайник"),
        "pot_price": Text("€ 29", "2 900 ₽"),
    }
)


def spoken(words: Words, language: str) -> dict[str, str]:
    """All of them in one language."""
    return {name: text.say(language) for name, text in words.items()}
