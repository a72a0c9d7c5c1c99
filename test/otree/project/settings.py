"""The oTree project that `agoragym connect otree` is tested against."""
from os import environ

SESSION_CONFIGS = [
    dict(name='dilemma', app_sequence=['dilemma'], num_demo_participants=2, temptation=300, brief=False),
    dict(name='guess', app_sequence=['guess'], num_demo_participants=3, brief=False),
    dict(name='auction', app_sequence=['auction'], num_demo_participants=2),
    dict(name='slow', app_sequence=['slow'], num_demo_participants=2),
    dict(name='odd', app_sequence=['odd'], num_demo_participants=1),
]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=0.01, participation_fee=2.00, doc='')
ROOMS = [dict(name='lab', display_name='The laboratory')]
PARTICIPANT_FIELDS = []
SESSION_FIELDS = []
LANGUAGE_CODE = 'en'
REAL_WORLD_CURRENCY_CODE = 'EUR'
USE_POINTS = True
ADMIN_USERNAME = 'admin'
ADMIN_PASSWORD = environ.get('OTREE_ADMIN_PASSWORD')
DEMO_PAGE_INTRO_HTML = ''
SECRET_KEY = 'only on loopback'
