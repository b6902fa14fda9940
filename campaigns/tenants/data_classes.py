"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
branch.code                       none        plain   thing  run
branch.name                       none        plain   thing  run
branch.pinyin                     none        plain   thing  run
branch.zone                       none        plain   thing  run
person.name                       internal    plain   staff  account
person.staff_number               internal    plain   staff  account
login.password                    credential  hashed  staff  secure
login.username                    internal    plain   staff  account
role.code                         none        plain   thing  run
role.name                         none        plain   thing  run
role.name_en                      none        plain   thing  run
role.verbs                        none        plain   thing  run
organisationfile.name             none        plain   thing  run
organisationfile.loaded_by        internal    plain   thing  account
organisationfile.sha256           none        hashed  thing  run
organisationfile.original         none        plain   thing  run
organisationfile.grid             none        plain   thing  run
organisationfile.headings_key     none        plain   thing  run
organisationfile.columns          none        plain   thing  run
organisationfile.counts           none        plain   thing  run
organisationfile.refused          none        plain   thing  run
organisationfile.why_not          none        plain   thing  run
organisationfile.opened_as        internal    plain   thing  account
organisationfile.fingerprint      none        hashed  thing  run
organisationfile.step             none        plain   thing  run
organisationfile.before           none        plain   thing  run
""")
