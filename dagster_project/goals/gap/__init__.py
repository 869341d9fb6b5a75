"""Why a goal stands where it does: identities checked, gaps taken apart, the funnel."""
