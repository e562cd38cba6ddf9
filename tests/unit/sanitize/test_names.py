"""What names promise."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

import pytest

from daemoneye.sanitize.names import LONGEST_NAME, meaning_of
from daemoneye.sanitize.rules.row import Meaning


@pytest.mark.parametrize(
    "name",
    "password PASSWORD dbPassword db-password db_password DB_PASSWORD_PROD password1 PGPASSWORD MYSQL_PWD userPassword "
    "--password -passwd passphrase pass-phrase passWord rootpw keystorePass storepass secret client_secret "
    "ClientSecret "
    "api-key apiKey APIKey X-Api-Key accessKey AWS_SECRET_ACCESS_KEY secret-key encryption-key pre-shared-key token "
    "authToken OAuth2Token VAULT_TOKEN github.token spring.datasource.password requirepass community jwt".split(),
)
def test_names_of_secrets_are_known_in_any_spelling(name: str) -> None:
    """Dashes, dots, underscores, capitals and digits do not hide a secret."""
    assert meaning_of(name) is Meaning.SECRET


@pytest.mark.parametrize(
    "name",
    "user0x keyboard monkey author tokenizer compass passive password-file secret_name token-ttl max_tokens "
    "no-password "
    "PASSWORD_POLICY access-key-id AWS_ACCESS_KEY_ID sort-key publicKey cacheKey proxy_pass low-pass SSH_ASKPASS "
    "existingSecret imagePullSecret token_type passwordEncryption x --".split(),
)
def test_names_about_secrets_are_not_names_of_secrets(name: str) -> None:
    """What only contains the word, or speaks about the secret, is left alone."""
    assert meaning_of(name) is Meaning.PLAIN


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("--with-token", Meaning.SWITCHED),
        ("ask-password", Meaning.SWITCHED),
        ("--key", Meaning.KEY),
        ("sshKey", Meaning.KEY),
        ("--pin", Meaning.DIGITS),
        ("Cookie", Meaning.JAR),
        ("Proxy-Authorization", Meaning.HEADER),
        ("src-creds", Meaning.PAIR),
        ("sig", Meaning.UNSURE),
        ("--user", Meaning.USER),
    ],
)
def test_names_that_may_mean_a_secret_are_told_apart(name: str, meaning: Meaning) -> None:
    """Where the name does not decide, the value does."""
    assert meaning_of(name) is meaning


def test_an_endless_name_is_read_from_its_end() -> None:
    """The work on a name is bounded."""
    assert meaning_of("x" * 10 * LONGEST_NAME + "-password") is Meaning.SECRET
