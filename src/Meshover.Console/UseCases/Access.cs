using System.Collections.Frozen;

namespace Meshover.Console.UseCases;

/// <summary>Who may do what: the one table. What is not in it nobody may.</summary>
public static class Access
{
    private static readonly FrozenDictionary<UseCase, Role> Least = new Dictionary<UseCase, Role>
    {
        [UseCase.SeeMesh] = Role.Viewer,
        [UseCase.AskNode] = Role.Viewer,
        [UseCase.SeeTokens] = Role.Operator,
        [UseCase.CreateToken] = Role.Operator,
        [UseCase.RevokeToken] = Role.Operator,
        [UseCase.AddGrant] = Role.Operator,
        [UseCase.RemoveGrant] = Role.Operator,
        [UseCase.SeeAudit] = Role.Operator,
        [UseCase.RemoveNode] = Role.Administrator,
        [UseCase.AllowNode] = Role.Administrator,
        [UseCase.RenameNode] = Role.Administrator,
        [UseCase.TagNode] = Role.Operator,
        [UseCase.DrainNode] = Role.Operator,
        [UseCase.OrderAnnouncement] = Role.Operator,
    }.ToFrozenDictionary();

    public static bool May(Role role, UseCase useCase) => Least.TryGetValue(useCase, out var least) && role >= least;

    /// <summary>The least role that may do it.</summary>
    public static Role LeastRole(UseCase useCase) => Least[useCase];
}
