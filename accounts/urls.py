"""Pages around signing in, below `/client-portal`."""

from django.urls import path

from accounts import second_factor_views, views

app_name = "accounts"
urlpatterns = [
    path("client-portal/login", views.login, name="login"),
    path("client-portal/logout", views.logout, name="logout"),
    path("client-portal/stop-looking", views.stop_looking, name="stop_looking"),
    path("client-portal/forgot-password", views.forgotten, name="forgotten"),
    path("client-portal/set-password/<str:token>", views.set_password, name="set_password"),
    path("client-portal/second-factor", second_factor_views.overview, name="second_factor"),
    path("client-portal/second-factor/code", second_factor_views.code, name="second_factor_code"),
    path("client-portal/second-factor/recovery-code", second_factor_views.recovery_code, name="second_factor_recovery"),
    path("client-portal/second-factor/new-codes", second_factor_views.new_codes, name="second_factor_new_codes"),
    path("client-portal/second-factor/off", second_factor_views.switch_off, name="second_factor_off"),
]
