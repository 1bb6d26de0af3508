using System.Text;

namespace Meshover.Controller.Changes;

/// <summary>Whence a change comes. No change is without one.</summary>
/// <param name="Actor">Who makes it.</param>
/// <param name="Operation">What it is called.</param>
/// <param name="Reason">Why.</param>
internal sealed record Cause(Actor Actor, Operation Operation, Reason Reason)
{
    /// <summary>Why, in a few words: the actor's own, else the operation's.</summary>
    public string Why => Reason.Said.Length > 0 ? Reason.Said : Operation.Words;
}

/// <summary>Why something is changed, in the words of who does it: one line.</summary>
internal sealed record Reason
{
    /// <summary>In characters; what is longer is cut, unless whoever takes it in has refused it.</summary>
    public const int Longest = 200;

    public static readonly Reason None = new("");

    private Reason(string said) => Said = said;

    /// <summary>Empty: nothing was said.</summary>
    public string Said { get; }

    /// <param name="said">Anybody's; control characters become blanks.</param>
    public static Reason Of(string? said)
    {
        var line = new StringBuilder((said ?? "").Trim());
        for (var i = 0; i < line.Length; i++)
        {
            if (char.IsControl(line[i]))
                line[i] = ' ';
        }
        return new Reason(line.ToString(0, Math.Min(line.Length, Longest)));
    }
}
