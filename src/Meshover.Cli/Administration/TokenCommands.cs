using System.CommandLine;
using System.Globalization;
using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Administration;

/// <summary><c>meshover token create|list|revoke</c></summary>
internal static class TokenCommands
{
    public static Command Create() => new("token", "Join tokens: who may join the mesh.") { CreateToken(), List(), Revoke() };

    private static ExampleCommand CreateToken()
    {
        var lifetime = new Option<string>("--lifetime") { Description = "How long it admits nodes: 30m, 24h, 7d [default: 24h].", HelpName = "DURATION" };
        var uses = new Option<string>("--uses") { Description = "How many new nodes it admits: a number, or unlimited [default: 1].", HelpName = "NUMBER" };
        var tags = new Option<string[]>("--tag") { Description = "Given to each node that joins with it; repeatable.", HelpName = "TAG" };
        var grants = new Option<string[]>("--grant") { Description = "A prefix that each node that joins with it may announce; PREFIX or PREFIX,MAXLENGTH; repeatable.", HelpName = "PREFIX" };
        var replace = new Option<bool>("--replace") { Description = "It may take over a hostname, with its addresses, that belongs to another machine." };
        var hostNames = new Option<string[]>("--hostname") { Description = "Admits machines of this name alone; * stands for any run of characters, as in web-*; repeatable [default: any name].", HelpName = "PATTERN" };
        var reason = AdminOptions.Reason();
        var json = AdminOptions.Json();
        var command = new ExampleCommand("create", "Makes a token and prints its join string, alone, on standard output.",
            "meshover token create", "meshover token create --uses 10 --lifetime 7d --grant 10.64.1.0/24", "meshover up --join \"$(ssh controller meshover token create)\"")
        {
            lifetime, uses, tags, grants, hostNames, replace, reason, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var request = new CreateTokenRequest
            {
                LifetimeSeconds = AdminText.ReadDuration(parsed.GetValue(lifetime)),
                Uses = AdminText.ReadUses(parsed.GetValue(uses)),
                Tags = { parsed.GetValue(tags) ?? [] },
                Grants = { (parsed.GetValue(grants) ?? []).Select(AdminText.ReadGrant) },
                Replace = parsed.GetValue(replace),
                Hostnames = { parsed.GetValue(hostNames) ?? [] },
                Reason = parsed.GetValue(reason) ?? "",
            };
            var token = await AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.CreateTokenAsync(request, options), cancel);
            if (parsed.GetValue(json))
                AdminJson.Write(new CreatedTokenDocument(token.TokenId, token.JoinString, AdminText.Time(token.ExpiresUnix)), AdminJson.Default.CreatedTokenDocument);
            else
                await Console.Out.WriteLineAsync(token.JoinString);
        });
        return command;
    }

    private static ExampleCommand List()
    {
        var json = AdminOptions.Json();
        var command = new ExampleCommand("list", "Shows the tokens; one that has ended is shown for another day.", "meshover token list") { json };
        command.SetAction(async (parsed, cancel) =>
        {
            var answer = await AdminCalls.CallAsync(
                parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.ListTokensAsync(new ListTokensRequest(), options), cancel);
            var now = TimeProvider.System.GetUtcNow();
            TokenDocument[] tokens = [.. answer.Tokens.Select(token => TokenDocument.Of(token, now))];
            if (parsed.GetValue(json))
                AdminJson.Write(tokens, AdminJson.Default.TokenDocumentArray);
            else
                AdminTable.Write(["token", "state", "expires", "used", "tags", "grants", "hostnames", "replace"], tokens.Select(Cells));
        });
        return command;
    }

    private static ExampleCommand Revoke()
    {
        var reason = AdminOptions.Reason();
        var id = new Argument<string>("TOKEN") { Description = "The token's id, as `meshover token list` shows it." };
        var command = new ExampleCommand("revoke", "Ends a token; nodes that joined with it stay.", "meshover token revoke 1f0c5a9e3b7d2468") { id, reason };
        command.SetAction((parsed, cancel) =>
        {
            var request = new RevokeTokenRequest { TokenId = parsed.GetRequiredValue(id), Reason = parsed.GetValue(reason) ?? "" };
            return AdminCalls.CallAsync(parsed.GetRequiredValue(AdminOptions.Socket), (api, options) => api.RevokeTokenAsync(request, options), cancel);
        });
        return command;
    }

    private static string[] Cells(TokenDocument token) =>
    [
        token.Id,
        token.State,
        token.Expires.ToString("u", CultureInfo.InvariantCulture),
        $"{token.Used} of {(token.Uses is { } uses ? uses.ToString(CultureInfo.InvariantCulture) : "unlimited")}",
        string.Join(" ", token.Tags),
        string.Join(" ", token.Grants),
        string.Join(" ", token.Hostnames),
        token.Replace ? "yes" : "no",
    ];
}
