"""HTTP: pages, forms, guards, languages and headers. Flask, WTForms and gettext live here and in the other doors."""
