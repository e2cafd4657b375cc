"""Who may: signing in, staying signed in, and what each role and each token opens."""
