"""The durable, explainable link between a company's channels and its Bitrix24."""

__version__ = "0.1.0"
