"""What this room's columns hold (campaigns/lib/classified.py)."""

from campaigns.lib.classified import read

CLASSES = read("""
customer.number_tail           contact    plain   erased     know
customer.attributes            financial  plain   erased     market
customer.source                internal   plain   pseudonym  know
customer.is_personalised       internal   plain   pseudonym  consent
customer.status                internal   plain   pseudonym  know
customerkey.wrapped            credential sealed  erased     know
identity.kind                  internal   plain   erased     know
identity.app                   none       plain   erased     know
identity.lookup                identity   hashed  erased     know
identity.value                 identity   sealed  erased     know
identity.source                internal   plain   erased     know
refreshsession.token_hash      credential hashed  months     secure
consenttext.title              none       plain   thing      consent
consenttext.title_en           none       plain   thing      consent
consenttext.text               none       plain   thing      consent
consenttext.text_en            none       plain   thing      consent
consenttext.sha256             none       hashed  thing      consent
consent.purpose                internal   plain   pseudonym  consent
consent.channel                internal   plain   pseudonym  consent
consent.is_given               internal   plain   pseudonym  consent
consent.by_guardian            internal   plain   pseudonym  consent
consent.text_sha256            none       hashed  pseudonym  consent
consent.source                 internal   plain   pseudonym  consent
consent.ip_prefix              behaviour  plain   erased     consent
consent.evidence               internal   plain   pseudonym  consent
permission.given               internal   plain   erased     consent
permission.guarded             internal   plain   erased     consent
permission.is_minor            sensitive  plain   pseudonym  consent
permission.allowed             internal   plain   erased     consent
birth.value                    sensitive  sealed  erased     consent
birth.source                   internal   plain   erased     consent
dataexport.state               internal   plain   years      consent
dataexport.size                none       plain   years      consent
dataexport.token_hash          credential hashed  days       secure
erasure.state                  internal   plain   pseudonym  consent
erasure.why                    internal   plain   pseudonym  consent
erasure.kept                   none       plain   pseudonym  consent
erasure.held_up                none       plain   pseudonym  consent
tombstone.lookup               identity   hashed  years      consent
""")
