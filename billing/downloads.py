"""Documents as files for browsers."""

import re

from django.db import connection
from django.template.response import SimpleTemplateResponse

from billing import pdf


class PdfDownload(SimpleTemplateResponse):
    """A paper as a PDF to be kept.

    Django asks an answer of this kind for its content after the view has returned it: composing holds no transaction
    of the database; and the connection goes back to its pool first, because papers are composed one at a time.
    """

    def __init__(self, paper):
        name = re.sub("[^A-Za-z0-9]+", "-", paper.name)
        headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
        super().__init__(template=None, content_type="application/pdf", headers=headers)
        self.paper = paper

    @property
    def rendered_content(self):
        if not connection.in_atomic_block:
            connection.close()
        return pdf.compose(self.paper)
