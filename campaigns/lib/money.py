"""Money is whole fen (1/100 yuan) everywhere; only people see yuan."""


def yuan(fen: int) -> str:
    """Fen as people read it: `yuan(123450) == "¥1,234.50"`."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}¥{whole:,}.{rest:02d}"


def short_yuan(fen: int) -> str:
    """Fen in running text, without a currency sign or needless zeros: `short_yuan(2000) == "20"`."""
    whole, rest = divmod(fen, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)
