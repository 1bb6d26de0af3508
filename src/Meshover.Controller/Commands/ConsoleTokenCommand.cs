using System.CommandLine;
using Grpc.Core;
using Grpc.Net.Client;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Backups;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Membership;

namespace Meshover.Controller.Commands;

/// <summary><c>console-token</c>: who may sign in to the console. It asks the controller that runs; where none does, it changes the store itself.</summary>
internal static class ConsoleTokenCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LinkLifetime = TimeSpan.FromMinutes(10);

    /// <summary>Of where to sign in.</summary>
    internal const string NotBuiltIn = "This controller serves no console itself (console.builtIn in its controller.yaml): it is at the address of the one that runs apart.";

    public static Command Create(Func<Func<Task>, Task<int>> run)
    {
        var options = new CommonOptions();
        var role = new Option<string>("--role") { Description = "viewer, operator or administrator", DefaultValueFactory = _ => "administrator", HelpName = "ROLE" };
        var name = new Option<string>("--name") { Description = "Whose it is: the audit names them so [default: the role]" };
        var lifetime = new Option<string?>("--ttl") { Description = "How long it is good, such as 30d [default: without an end; of a link: 10m]", HelpName = "DURATION" };
        var once = new Option<bool>("--once") { Description = "Print a link that signs in once, instead of a token" };
        var at = new Option<string?>("--at") { Description = "Where the console is: what is printed names it [default: the controller's own address]", HelpName = "HOST[:PORT]" };
        var command = new Command("console-token", "Make a token with which somebody signs in to the web console. Prints it, alone, on standard output; it is told once.") { role, name, lifetime, once, at };
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => run(async () =>
        {
            var role1 = parsed.GetRequiredValue(role);
            var isOnce = parsed.GetValue(once);
            var named = parsed.GetValue(at) is { } text1 ? AddressOf(text1) : null;
            var isServed = named is not null || IsBuiltIn(options.PathsOf(parsed));
            if (isOnce && !isServed)
                throw new ConfigException($"--once: {NotBuiltIn} Name it with --at HOST[:PORT].");
            var wish = new ConsoleTokenWish(parsed.GetValue(name) ?? role1, role1, SecondsOf(parsed.GetValue(lifetime), isOnce), isOnce);
            var (text, controller) = await CreateAsync(options.PathsOf(parsed), wish, cancel);
            var address = named ?? controller;
            await System.Console.Error.WriteLineAsync(isOnce
                ? "This link signs in whoever opens it first:"
                : $"{(isServed ? $"Sign in at https://{address}/" : $"{NotBuiltIn} Sign in there")} as {wish.Role} with this token. It is kept nowhere and cannot be told again:");
            System.Console.WriteLine(isOnce ? CreatedConsoleToken.Link(address, text) : text);
        }));
        command.Subcommands.Add(List(run));
        command.Subcommands.Add(Revoke(run));
        return command;
    }

    private static Command List(Func<Func<Task>, Task<int>> run)
    {
        var options = new CommonOptions();
        var command = new Command("list", "List the console's tokens; the tokens themselves are kept nowhere.");
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => run(() => AskAsync(options.PathsOf(parsed), async controller =>
        {
            var answer = await controller.ListConsoleTokensAsync(new ListConsoleTokensRequest(), deadline: null, cancellationToken: cancel);
            foreach (var token in answer.Tokens)
            {
                var until = token.ExpiresUnix == 0 ? "without an end" : $"until {DateTimeOffset.FromUnixTimeSeconds(token.ExpiresUnix):u}";
                System.Console.WriteLine($"{token.TokenId}  {token.Role,-13}  {token.Name}  {(token.Revoked ? "revoked" : token.Used ? "used" : until)}{(token.Once ? ", once" : "")}");
            }
        })));
        return command;
    }

    private static Command Revoke(Func<Func<Task>, Task<int>> run)
    {
        var options = new CommonOptions();
        var id = new Argument<string>("ID") { Description = "As `console-token list` shows it." };
        var command = new Command("revoke", "Revoke a token of the console; sessions that began with it end at once.") { id };
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => run(() => AskAsync(options.PathsOf(parsed), async controller =>
            await controller.RevokeConsoleTokenAsync(new RevokeConsoleTokenRequest { TokenId = parsed.GetRequiredValue(id) }, cancellationToken: cancel))));
        return command;
    }

    /// <summary>HOST[:PORT] of what says where a console is.</summary>
    /// <exception cref="ConfigException">It says no such thing.</exception>
    internal static string AddressOf(string at) =>
        Uri.TryCreate(at.Contains("://", StringComparison.Ordinal) ? at : $"https://{at}", UriKind.Absolute, out var url) && url is { Scheme: "https", PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? url.Authority
            : throw new ConfigException($"--at: \"{at}\" is neither HOST[:PORT] nor https://HOST[:PORT]/, such as mesh.example or [2001:db8::1]:{ApartConfig.DefaultPort}.");

    /// <summary>The controller serves a console itself, as far as its file says.</summary>
    private static bool IsBuiltIn(ControllerPaths paths) => ConfigFile.Read(paths.Config).Console?.BuiltIn ?? true;

    private static long SecondsOf(string? text, bool isOnce)
    {
        if (text is null)
            return isOnce ? (long)LinkLifetime.TotalSeconds : 0;
        return Duration.TryParse(text, out var value) && value > TimeSpan.Zero ? (long)value.TotalSeconds : throw new ConfigException($"--ttl: \"{text}\" is no duration: give a whole number and s, m, h or d, such as 30d.");
    }

    private static async Task<(string Text, string Address)> CreateAsync(ControllerPaths paths, ConsoleTokenWish wish, CancellationToken cancel)
    {
        if (AdminSocket.IsServed(paths.AdminSocket))
        {
            CreateConsoleTokenResponse? made = null;
            var request = new CreateConsoleTokenRequest { Name = wish.Name, Role = wish.Role, LifetimeSeconds = wish.LifetimeSeconds, Once = wish.Once };
            await AskAsync(paths, async controller => made = await controller.CreateConsoleTokenAsync(request, cancellationToken: cancel));
            return (made!.Token, made.Address);
        }
        try
        {
            var now = TimeProvider.System.GetUtcNow();
            var created = ConsoleTokenRules.New(wish, now);
            var address = await OfflineChange.RunAsync(paths, Operation.CreateConsoleToken, draft =>
            {
                ConsoleTokenRules.Create(draft, created.Record);
                return draft.State.Mesh.Controllers.FirstOrDefault() ?? "";
            }, now, cancel);
            return (created.Text, address);
        }
        catch (Exception e) when (e is InvalidRequestException or RefusalException)
        {
            throw new ConfigException(e.Message);
        }
    }

    internal static async Task AskAsync(ControllerPaths paths, Func<AdminService.AdminServiceClient, Task> question)
    {
        if (!AdminSocket.IsServed(paths.AdminSocket))
            throw new StartException($"No controller serves {paths.AdminSocket}: start it, run this as root on its machine, or name its directory with --run.");
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler { ConnectTimeout = Patience, ConnectCallback = async (_, cancel) => await AdminSocket.ConnectAsync(paths.AdminSocket, cancel) },
        });
        try
        {
            await question(new AdminService.AdminServiceClient(channel)).WaitAsync(Patience);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.FailedPrecondition)
        {
            throw new ConfigException(e.Status.Detail);
        }
        catch (Exception e) when (e is RpcException or TimeoutException)
        {
            throw new StartException($"The controller cannot be asked at {paths.AdminSocket}: {(e as RpcException)?.Status.Detail ?? e.Message} Its log says why.");
        }
    }
}
