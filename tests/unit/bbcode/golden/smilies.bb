Привет <img src="https://acme.bitrix24.ru/upload/smile/1.png" data-code=":)" alt="smile" class="bx-smile"> и <IMG alt=';)' src=x> и <img src="/x.png"> 2 < 3
