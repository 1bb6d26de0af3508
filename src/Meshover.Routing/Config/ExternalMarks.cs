namespace Meshover.Routing.Config;

/// <summary>
/// What the mesh tells itself about routes, by large communities (RFC 8092) of the last private AS number, which no node gets (they are given
/// from 4200000000 on). None is taken from outside, and none goes there.
/// </summary>
internal static class ExternalMarks
{
    public const string Administrator = "4294967294";

    /// <summary>Learned outside the mesh: by no node of it is it told outside again.</summary>
    public const string FromOutside = $"{Administrator}:12914:1";

    /// <summary>A regular expression that finds each of them.</summary>
    public const string Any = $"^{Administrator}:";

    /// <summary>Of what is learned outside: more than any way through the mesh costs, so that what a node of it originates is better.</summary>
    public const int Med = 100_000;
}
