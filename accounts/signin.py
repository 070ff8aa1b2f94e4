"""placeholder being written"""

from django.contrib.auth.backends import ModelBackend


class PersonBackend(ModelBackend):
    pass
