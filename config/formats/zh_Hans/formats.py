"""Dates as people in a Chinese bank write them."""

DATE_FORMAT = "Y年n月j日"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y年n月j日 H:i"
YEAR_MONTH_FORMAT = "Y年n月"
MONTH_DAY_FORMAT = "n月j日"
SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "n月j日 H:i"
# Where a template asks for it (floatformat:"0g"): 45,211. Django would group by four, with nothing between.
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
