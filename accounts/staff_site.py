"""The door of the admin: who must give, or first set up, a second factor gets no further."""

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import passwords, second_factor, signin
from accounts.models import User


class StaffSignIn(LoginView):
    """Name and password of staff; for those who have a second factor the session begins after it."""

    authentication_form = AdminAuthenticationForm
    template_name = "admin/login.html"
    next_page = "admin:index"

    def form_valid(self, form):
        user, destination = form.get_user(), self.get_success_url()
        if second_factor.is_on(user):
            second_factor.ask(self.request, user, destination=destination, now=now())
            return HttpResponseRedirect(reverse("accounts:second_factor_code"))
        signin.sign_in(self.request, user)
        return HttpResponseRedirect(destination)


class StaffSite(AdminSite):
    """Django's admin; every page of it asks `has_permission` first."""

    def has_permission(self, request):
        return super().has_permission(request) and not second_factor.must_set_up(request.user)

    def password_change(self, request, extra_context=None):
        user = User.objects.get(pk=request.user.pk)
        response = super().password_change(request, extra_context)
        passwords.tell_if_changed(request, user, how="own page", now=now())
        return response

    @method_decorator(never_cache)
    def login(self, request, extra_context=None):
        wanted = request.POST.get("next") or request.GET.get("next", "")
        if request.method == "GET" and request.user.is_staff and second_factor.must_set_up(request.user):
            return HttpResponseRedirect(f"{reverse('accounts:second_factor')}?{urlencode({'next': wanted})}")
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            "next": wanted or reverse("admin:index"),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return StaffSignIn.as_view(extra_context=context)(request)
