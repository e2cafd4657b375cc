"""The page on which a user follows a ticket, without an account: who has its link may read it and add to it."""
